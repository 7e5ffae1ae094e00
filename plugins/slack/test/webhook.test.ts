import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { StartConnectorOptions } from '@automate/testing';
import { startConnector } from '@automate/testing';
import SlackAdapter from '../src/slack-adapter.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});

async function start(options: StartConnectorOptions) {
  const connector = await startConnector(SlackAdapter, options);
  running.push(connector);
  return connector.adapter;
}

const body = 'token=x&team_id=T1&command=%2Fdeploy';

function signed(secret: string, secondsAgo = 0): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000) - secondsAgo);
  const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return { 'X-Slack-Request-Timestamp': timestamp, 'X-Slack-Signature': `v0=${signature}` };
}

describe('requests from Slack', () => {
  it.each([
    ['settings', { settings: { signing_secret: 'hush' } }],
    ['a profile', { secrets: { signing_secret: 'hush' } }],
  ])('are believed when signed with the secret from %s', async (_title, options) => {
    const adapter = await start(options);
    expect(adapter.verifyWebhook(signed('hush'), body)).toMatchObject({ genuine: true });
    expect(adapter.verifyWebhook(signed('hush'), Buffer.from(body))).toMatchObject({ genuine: true });
  });

  it('are believed with another secret from when it is new', async () => {
    const connector = await startConnector(SlackAdapter, { secrets: { signing_secret: 'hush' } });
    running.push(connector);
    await connector.changeSecrets({ secrets: { signing_secret: 'other' } });
    expect(['hush', 'other'].map((secret) => connector.adapter.verifyWebhook(signed(secret), body).genuine)).toEqual([
      false,
      true,
    ]);
  });

  it('are not believed with another signature, another body, or after five minutes', async () => {
    const adapter = await start({ settings: { signing_secret: 'hush' } });
    expect(adapter.verifyWebhook(signed('other'), body)).toEqual({ genuine: false });
    expect(adapter.verifyWebhook(signed('hush'), `${body}&admin=1`)).toEqual({ genuine: false });
    expect(adapter.verifyWebhook(signed('hush', 301), body)).toEqual({ genuine: false });
    expect(adapter.verifyWebhook({}, body)).toEqual({ genuine: false });
  });

  it('are never believed without a secret', async () => {
    const adapter = await start({});
    expect(adapter.verifyWebhook(signed(''), body)).toEqual({ genuine: false });
  });
});
