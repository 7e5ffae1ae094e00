import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { BroadcastChannel, setEnvironmentData } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SandboxHost } from '../fixtures/sandbox-host.ts';
import { attempt, openPrying } from './prying.ts';

const PLANTED = 'planted-4711';
const LEVELS = ['thread', 'process', 'restricted'];
/** In which nothing of the host's process can be met. */
const APART = ['process', 'restricted'];

let host: SandboxHost;
beforeAll(async () => {
  host = await openPrying({ env: { HOST_SECRET: PLANTED, PATH: '/usr/bin:/bin' } });
});
afterAll(() => host[Symbol.asyncDispose]());

describe('the secrets of the host', () => {
  it.each(LEVELS)('are in no variable of a connector: %s', async (level) => {
    expect(await attempt(host, level, 'return { ...process.env }')).toEqual({ got: {} });
    expect(await attempt(host, level, `return process.env.HOST_SECRET`)).toEqual({ got: null });
  });

  it('are in no variable that the process of a connector was started with', async () => {
    const code = `return require('fs').readFileSync('/proc/self/environ', 'utf8').split('\\0').filter(Boolean).map((each) => each.split('=')[0])`;
    const { got } = (await attempt(host, 'process', code)) as { readonly got: readonly string[] };
    const surroundings =
      /^(TZ|LANG|LC_ALL|LC_MESSAGES|NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|SSL_CERT_DIR|SSL_CERT_FILE)$/;
    expect(got.filter((name) => !surroundings.test(name))).toEqual([]);
    expect(await attempt(host, 'restricted', code)).toEqual({ refused: 'ERR_ACCESS_DENIED' });
  });

  it.each(APART)('are not told to other processes by what threads share: %s', async (level) => {
    setEnvironmentData('secret', PLANTED);
    const channel = new BroadcastChannel('secrets');
    const heard = once(channel, 'message').then(() => 'heard');
    const code = `const { BroadcastChannel, getEnvironmentData } = require('worker_threads');
      const channel = new BroadcastChannel('secrets'); channel.postMessage('tell me');
      const told = new Promise((done) => { channel.onmessage = ({ data }) => done(data); setTimeout(done, 300, 'nothing'); });
      return [getEnvironmentData('secret') ?? 'nothing', await told.finally(() => channel.close())]`;
    const attempted = attempt(host, level, code);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel between threads has none
    channel.postMessage(PLANTED);
    expect(await attempted).toEqual({ got: ['nothing', 'nothing'] });
    expect(await Promise.race([heard, delay(100, 'silence')])).toBe('silence');
    channel.close();
    setEnvironmentData('secret', undefined);
  });

  it.each(APART)('are out of reach of an inspector, which finds no other thread than its own: %s', async (level) => {
    const code = `const { Session } = require('inspector'); const session = new Session(); session.connectToMainThread(); return 'connected'`;
    expect(await attempt(host, level, code)).toEqual({
      refused: expect.stringMatching(/^ERR_(INSPECTOR_NOT_WORKER|ACCESS_DENIED)$/),
    });
  });
});
