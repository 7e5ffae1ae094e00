import { generateKeyPairSync, sign } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startConnector } from '@automate/testing';
import DiscordAdapter from '../src/discord-adapter.ts';

const application = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const publicKey = application.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
const body = '{"type":1}';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});

async function start(settings: Record<string, string>) {
  const connector = await startConnector(DiscordAdapter, { settings });
  running.push(connector);
  return connector.adapter;
}

function signed(key = application.privateKey, secondsAgo = 0, sent = body): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000) - secondsAgo);
  const signature = sign(undefined, Buffer.from(timestamp + sent), key).toString('hex');
  return { 'X-Signature-Ed25519': signature, 'X-Signature-Timestamp': timestamp };
}

describe('interactions from Discord', () => {
  it("are believed when signed with the application's key", async () => {
    const adapter = await start({ public_key: publicKey });
    expect(adapter.verifyWebhook(signed(), body)).toMatchObject({ genuine: true });
    expect(adapter.verifyWebhook(signed(), Buffer.from(body))).toMatchObject({ genuine: true });
  });

  it.each([
    ['a ping', { type: 1 }, { deliver: false }, { type: 1 }],
    ['a command', { type: 2, id: '845' }, { id: '845' }, { type: 5 }],
    ['a click', { type: 3, id: '846' }, { id: '846' }, { type: 6 }],
    ['what is typed', { type: 4, id: '847' }, { deliver: false }, { type: 8, data: { choices: [] } }],
    ['a form', { type: 5, id: '848' }, { id: '848' }, { type: 5 }],
  ])('are answered as Discord waits for it: %s', async (_title, interaction, verdict, answer) => {
    const adapter = await start({ public_key: publicKey });
    const sent = JSON.stringify(interaction);
    const judged = adapter.verifyWebhook(signed(application.privateKey, 0, sent), sent);
    expect(judged).toMatchObject({
      genuine: true,
      ...verdict,
      respond: { status: 200, contentType: 'application/json' },
    });
    expect(JSON.parse(judged.respond?.body ?? '')).toEqual(answer);
  });

  it.each([
    ['the key of a stranger', signed(stranger.privateKey), body],
    ['another body', signed(), '{"type":2}'],
    ['a signature of six minutes ago', signed(application.privateKey, 360), body],
    ['another time', { ...signed(), 'X-Signature-Timestamp': String(Math.floor(Date.now() / 1000) - 1) }, body],
    ['a signature that is none', { ...signed(), 'X-Signature-Ed25519': 'abc' }, body],
    ['no headers', {}, body],
  ])('are not believed with %s', async (_title, headers, rawBody) => {
    const adapter = await start({ public_key: publicKey });
    expect(adapter.verifyWebhook(headers, rawBody)).toEqual({ genuine: false });
  });

  it('are never believed without a key, and a key that is none is refused', async () => {
    expect((await start({})).verifyWebhook(signed(), body)).toEqual({ genuine: false });
    await expect(new DiscordAdapter().validateConfig({ public_key: 'abc' })).resolves.toMatchObject({ ok: false });
  });
});
