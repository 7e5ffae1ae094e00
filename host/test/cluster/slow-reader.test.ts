import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import { LineEnd } from '../../src/cluster/line-end.ts';
import type { SaidOfAnswer, SaidOfCall } from '../../src/cluster/line-sayings.ts';
import { serveLine } from '../../src/cluster/serve-line.ts';

const MESSAGE = 'x'.repeat(20_000);
const TURNS = 40;
const EACH_TURN = 50;
const MIB = 1024 * 1024;

it('what calls tell of their progress does not pile up before a host that reads nothing, and their answers come once it reads', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  server.on('session', (session) => session.on('error', () => undefined));
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    const stream = session.request({ ':method': 'POST' }, { endStream: false });
    const [served] = (await once(server, 'stream')) as [ServerHttp2Stream];
    const key = randomBytes(32);
    let most = 0;
    let isOver = false;
    serveLine(served, {
      key,
      service: {
        async executeText(_request, options) {
          for (let step = 0; step < TURNS * EACH_TURN; step += 1) {
            options?.onProgress?.({ progress: step, message: MESSAGE });
            if (step % EACH_TURN === 0) await turn();
            most = Math.max(most, served.writableLength);
          }
          isOver = true;
          return { result: '"done"', attempts: 1, durationMs: 1, replayed: false };
        },
      },
      principalOf: (name, scopes) => ({ name, scopes }),
      onFault: (fault) => {
        throw fault;
      },
    });
    const heard: { readonly said: SaidOfAnswer; readonly text: string }[] = [];
    const line = new LineEnd<SaidOfCall, SaidOfAnswer>(stream, {
      key,
      as: 'caller',
      hear: (said, text) => heard.push({ said, text }),
      onBroken: (error) => {
        throw error;
      },
    });
    stream.pause();
    line.say({ n: 1, id: 'shared', action: 'read', told: true }, '{}');
    await eventually(() => isOver);
    expect(most).toBeLessThan(4 * MIB);
    stream.resume();
    await eventually(() => heard.some(({ text }) => text === '"done"'));
    expect(heard.filter(({ said }) => said.progress !== undefined).length).toBeGreaterThan(EACH_TURN);
  } finally {
    session.destroy();
    server.close();
  }
});
