import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@automate/tooling/eventually';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ROOT } from '../docs/fixtures/read-docs.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { sendHook, sendUntilTaken, signedBySlack } from './fixtures/send-hook.ts';
import type { WebhookEvent } from './fixtures/watch-webhooks.ts';
import { watchWebhooks } from './fixtures/watch-webhooks.ts';

let host: SandboxHost;
let address: string;
const told: WebhookEvent[] = [];
const ended = new AbortController();
beforeAll(async () => {
  host = await SandboxHost.open({
    kinds: [],
    yaml: 'connectors: [{ id: team, kind: slack, auth: { type: bearer, token: xoxb-1 }, settings: { signing_secret: hush }, health_check: { enabled: false } }]',
    prepare: async (sandbox) => {
      await sandbox.linkPackage('@automate/connector-slack', join(ROOT, 'plugins', 'slack'));
      const dependencies = { '@automate/connector-slack': 'workspace:*' };
      await writeFile(join(sandbox.root, 'package.json'), JSON.stringify({ name: 'project', dependencies }));
    },
  });
  address = host.host.httpAddress ?? '';
  await watchWebhooks(host.service, ended.signal, told);
});
afterAll(async () => {
  ended.abort();
  await host?.[Symbol.asyncDispose]();
});

it("answers Slack's handshake with the challenge, and tells nobody", async () => {
  const body = JSON.stringify({ token: 'x', challenge: '3eZbrw1aBm2rZgRNFdxV', type: 'url_verification' });
  const answer = await sendUntilTaken(address, 'team', () => ({ body, headers: signedBySlack(body) }));
  expect(answer).toMatchObject({ status: 200, body: '3eZbrw1aBm2rZgRNFdxV' });
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(await sendHook(address, 'team', { body })).toMatchObject({ status: 401 });
  expect(told).toEqual([]);
});

it('tells watchers of an event once, however often Slack sends it', async () => {
  const body = JSON.stringify({
    type: 'event_callback',
    event_id: 'Ev123',
    event: { type: 'app_mention', text: 'hi' },
  });
  const send = (more: Record<string, string> = {}) =>
    sendUntilTaken(address, 'team', () => ({ body, headers: { ...signedBySlack(body), ...more } }));
  expect(await send()).toMatchObject({ status: 200, body: '' });
  expect(await send({ 'X-Slack-Retry-Num': '1', 'X-Slack-Retry-Reason': 'http_timeout' })).toMatchObject({
    status: 200,
  });
  await eventually(() => told.length > 0);
  expect(told).toMatchObject([
    {
      id: 'team',
      delivery: { encoding: 'json', body: { event: { text: 'hi' } }, headers: { 'content-type': 'application/json' } },
    },
  ]);
  expect(Object.keys(told[0]?.delivery.headers ?? {})).not.toContain('x-slack-signature');
});

it('takes commands, which are forms', async () => {
  const body = 'token=x&command=%2Fdeploy&text=now&trigger_id=13345224609.738474920';
  const headers = () => ({ ...signedBySlack(body), 'Content-Type': 'application/x-www-form-urlencoded' });
  expect(await sendUntilTaken(address, 'team', () => ({ body, headers: headers() }))).toMatchObject({ status: 200 });
  await eventually(() => told.length > 1);
  expect(told.at(-1)?.delivery).toMatchObject({ encoding: 'text', body });
});
