import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority, FakeService, startConnector } from '@automate/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import SlackAdapter from '../src/slack-adapter.ts';
import { formOf, onMethod, startWorkspace, TOKEN } from './slack-workspace.ts';

let slack: FakeService;
const running: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  slack = await startWorkspace();
  onMethod(slack, 'files.getUploadURLExternal', () => ({
    json: { ok: true, upload_url: `${slack.url}/upload/v1/ABC`, file_id: 'F123ABC456' },
  }));
  slack.on('POST', '/upload/v1/ABC', { text: 'OK - 3' });
  onMethod(slack, 'files.completeUploadExternal', {
    json: { ok: true, files: [{ id: 'F123ABC456', title: 'Report' }] },
  });
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
  await slack.close();
});

async function start() {
  const connector = await startConnector(SlackAdapter, {
    url: slack.url,
    config: { auth: { type: 'bearer', token: TOKEN } },
  });
  running.push(connector);
  return connector;
}

describe('upload_file', () => {
  it('asks for an address, sends the bytes there without the token, and shares the file', async () => {
    const connector = await start();
    const bytes = Buffer.from([0, 255, 10]);
    const result = await connector.call('upload_file', {
      filename: 'report.bin',
      base64: bytes.toString('base64'),
      channel: 'C1',
      title: 'Report',
      initial_comment: 'Here it is',
    });
    expect(result).toStrictEqual({ id: 'F123ABC456', title: 'Report' });
    const [ask, upload, complete] = slack.requests;
    expect(formOf(ask)).toStrictEqual({ filename: 'report.bin', length: '3' });
    expect(Buffer.from(upload?.body ?? []).equals(bytes)).toBe(true);
    expect(upload?.headers).not.toHaveProperty('authorization');
    expect(formOf(complete)).toStrictEqual({
      files: '[{"id":"F123ABC456","title":"Report"}]',
      channel_id: 'C1',
      initial_comment: 'Here it is',
    });
  });

  it('counts the bytes of a text, not its characters', async () => {
    const connector = await start();
    await connector.call('upload_file', { filename: 'a.txt', text: 'grüß' });
    expect(formOf(slack.requests[0])).toMatchObject({ length: '6' });
    expect(slack.requests[1]?.text()).toBe('grüß');
  });

  it.each([
    ['no content', { filename: 'a' }],
    ['two contents', { filename: 'a', text: 'x', base64: 'eA==' }],
    ['more bytes than are declared', { filename: 'a', base64: 'A'.repeat(2_796_208) }],
    ['a text with half a character', { filename: 'a', text: 'x\ud83d' }],
    ['what is no base64', { filename: 'a', base64: '***' }],
  ])('refuses %s before anything is sent', async (_title, payload) => {
    const connector = await start();
    await expect(connector.call('upload_file', payload)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(slack.requests).toStrictEqual([]);
  });

  it.each([403, 404])(
    'blames nobody who asked for no address where that answers %d, and shares nothing',
    async (status) => {
      const connector = await start();
      slack.on('POST', '/upload/v1/ABC', { status, json: { message: 'not here' } });
      await expect(connector.call('upload_file', { filename: 'a', text: 'x' })).rejects.toMatchObject({
        code: 'UPSTREAM_5XX',
        effect: 'none',
        blame: 'remote',
        details: { reason: 'upload_refused', status },
      });
      expect(slack.requests.map(({ path }) => path)).not.toContain('/api/files.completeUploadExternal');
    },
  );

  it.each([
    [{ status: 503 }, 'UPSTREAM_5XX'],
    [{ drop: 'request' }, 'TRANSIENT_NETWORK'],
  ] as const)('has done nothing, and may be tried again, where the bytes met %j', async (reply, code) => {
    const connector = await start();
    slack.on('POST', '/upload/v1/ABC', reply);
    await expect(connector.call('upload_file', { filename: 'a', text: 'x' })).rejects.toMatchObject({
      code,
      effect: 'none',
      retryable: true,
    });
    expect(slack.requests.map(({ path }) => path)).not.toContain('/api/files.completeUploadExternal');
  });

  it('sends no file to an address that is not secure and not its own', async () => {
    const connector = await start();
    onMethod(slack, 'files.getUploadURLExternal', {
      json: { ok: true, upload_url: 'http://127.0.0.2:1/x', file_id: 'F1' },
    });
    await expect(connector.call('upload_file', { filename: 'a', text: 'x' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      details: { reason: 'bad_answer' },
    });
  });

  it("sends the bytes to another origin, which the connector's own authority vouches for, without the token", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slack-ca-'));
    const authority = createCertificateAuthority();
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, authority.cert);
    const api = await FakeService.start({ tls: authority.issue() });
    const files = await FakeService.start({ tls: authority.issue() });
    running.push(api, files);
    const answers = {
      'files.getUploadURLExternal': { ok: true, upload_url: `${files.url}/upload/v1/ABC`, file_id: 'F1' },
      'files.completeUploadExternal': { ok: true, files: [{ id: 'F1' }] },
    };
    for (const [method, json] of Object.entries(answers)) onMethod(api, method, { json });
    files.on('POST', '/upload/v1/ABC', { text: 'OK - 6' });
    const connector = await startConnector(SlackAdapter, {
      url: api.url,
      config: { auth: { type: 'bearer', token: TOKEN }, tls: { caFile: ca } },
    });
    running.push(connector);
    await expect(connector.call('upload_file', { filename: 'a.txt', text: 'grüß' })).resolves.toStrictEqual({
      id: 'F1',
    });
    const [upload] = files.requests;
    expect(upload?.text()).toBe('grüß');
    expect(JSON.stringify(upload?.headers)).not.toContain(TOKEN);
    await rm(folder, { recursive: true });
  });
});
