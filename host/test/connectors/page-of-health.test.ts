import type { ConnectorAdapter } from '@automate/sdk';
import type { FakeReply, TestConfig } from '@automate/testing';
import { FakeService, startConnector } from '@automate/testing';
import { describe, expect, it } from '@jest/globals';
import DiscordAdapter from '../../../plugins/discord/src/discord-adapter.ts';
import GrafanaAdapter from '../../../plugins/grafana/src/grafana-adapter.ts';
import HttpAdapter from '../../../plugins/http/src/http-adapter.ts';
import JaegerAdapter from '../../../plugins/jaeger/src/jaeger-adapter.ts';
import OpenClawAdapter from '../../../plugins/openclaw/src/openclaw-adapter.ts';
import AlertmanagerAdapter from '../../../plugins/prometheus/src/alertmanager-adapter.ts';
import PrometheusAdapter from '../../../plugins/prometheus/src/prometheus-adapter.ts';
import MinioAdapter from '../../../plugins/s3/src/minio-adapter.ts';
import S3Adapter from '../../../plugins/s3/src/s3-adapter.ts';
import SlackAdapter from '../../../plugins/slack/src/slack-adapter.ts';

const token: TestConfig = { auth: { type: 'bearer', token: 'a-token' } };
const key: TestConfig = { auth: { type: 'basic', username: 'key', password: 'a-secret' } };

const KINDS: readonly (readonly [string, new () => ConnectorAdapter, TestConfig])[] = [
  ['alertmanager', AlertmanagerAdapter, token],
  ['discord', DiscordAdapter, token],
  ['grafana', GrafanaAdapter, token],
  ['http', HttpAdapter, token],
  ['jaeger', JaegerAdapter, token],
  ['minio', MinioAdapter, key],
  ['openclaw', OpenClawAdapter, token],
  ['prometheus', PrometheusAdapter, token],
  ['s3', S3Adapter, key],
  ['slack', SlackAdapter, token],
];

const page: FakeReply = { text: '<html>Welcome</html>', headers: { 'content-type': 'text/html' } };

/** What stands where the API should be. To the kind http any page is an answer. */
const ANSWERS: readonly (readonly [string, FakeReply])[] = [
  ['401', { status: 401 }],
  ['404', { status: 404, ...page }],
  ["another's JSON", { status: 404, json: { message: 'no Route matched with those values' } }],
  ['a web page', page],
];

describe.each(KINDS)('a connector of the kind %s whose page of health answers', (kind, adapter, config) => {
  const answers = ANSWERS.filter(([, reply]) => kind !== 'http' || reply !== page);

  it.each(answers)('is not healthy where its API is %s', async (_what, reply) => {
    await using service = await FakeService.start();
    service.on('*', /./, reply);
    for (const path of ['/healthy', '/api/health']) service.on('GET', path, { json: { database: 'ok', version: '1' } });
    const connector = await startConnector(adapter, {
      url: service.url,
      config: { ...config, healthCheck: { path: '/healthy' } },
      ...(kind === 'http' ? { settings: { connect_path: '/api' } } : {}),
    });
    await expect(connector.health()).resolves.toMatchObject({ status: 'unhealthy' });
    expect(service.requests.map(({ path }) => path)).toContain('/healthy');
    await connector.close();
  });
});
