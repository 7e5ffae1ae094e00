import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import type { CallOptions, ExecuteTextRequest, ExecuteTextResult } from '@automate/contract';
import { Line } from '../../src/cluster/line.ts';
import type { ServedLine } from '../../src/cluster/serve-line.ts';
import { serveLine } from '../../src/cluster/serve-line.ts';

interface Made {
  readonly request: ExecuteTextRequest;
  readonly options: CallOptions;
  answer(): void;
}

/** A line between two ends, over a socket, at the other one of which a test answers. */
async function openLine() {
  const key = randomBytes(32);
  const [made, lines, faults]: [Made[], ServedLine[], unknown[]] = [[], [], []];
  const sessions = new Set<ServerHttp2Session>();
  const executeText = (request: ExecuteTextRequest, options: CallOptions = {}): Promise<ExecuteTextResult> => {
    const { promise, resolve } = Promise.withResolvers<ExecuteTextResult>();
    const answer = (): void => resolve({ result: `"${request.action}"`, attempts: 1, durationMs: 1, replayed: false });
    made.push({ request, options, answer });
    return promise;
  };
  const server = createServer();
  server.on('session', (session) => sessions.add(session.on('error', () => undefined)));
  server.on('stream', (stream) => {
    const principalOf = (name: string, scopes: readonly never[]) => ({ name, scopes });
    lines.push(
      serveLine(stream, { key, service: { executeText }, principalOf, onFault: (fault) => faults.push(fault) }),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const line = new Line({
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    authorities: () => [],
    begin: () => ({ authorization: 'as is', key }),
    onRefused: () => undefined,
  });
  const call = (action: string, options: CallOptions = {}) =>
    line.executeText({ id: 'x', action, payload: '{}' }, options);
  const isMade = async (action: string): Promise<Made> => {
    const find = (): Made | undefined => made.find(({ request }) => request.action === action);
    const found = await eventually(find, (each) => each !== undefined);
    if (found === undefined) throw new Error(`nobody has called ${action}`);
    return found;
  };
  return {
    ...{ made, lines, faults, call, isMade },
    cut() {
      for (const session of sessions) session.destroy();
    },
    async [Symbol.asyncDispose]() {
      line.close();
      server.close();
      await once(server, 'close');
    },
  };
}

it('a line that its host ends gives the answers of calls under way, makes no later one, and the next go over another', async () => {
  await using scene = await openLine();
  const first = scene.call('first');
  const { answer } = await scene.isMade('first');
  scene.lines[0]?.end();
  // It is on its way as the other end hears of that.
  await expect(scene.call('late')).rejects.toMatchObject({
    effect: 'none',
    details: { reason: 'service_unreachable' },
  });
  const next = scene.call('next');
  (await scene.isMade('next')).answer();
  await expect(next).resolves.toMatchObject({ result: '"next"' });
  expect(scene.lines).toHaveLength(2);
  answer();
  await expect(first).resolves.toMatchObject({ result: '"first"', attempts: 1 });
  expect([scene.made.map(({ request }) => request.action), scene.faults]).toEqual([['first', 'next'], []]);
});

it('a call over a line carries who makes it, and how, and ends at the other host with its caller, or the connection', async () => {
  await using scene = await openLine();
  const principal = { name: 'ops', scopes: ['read'] } as const;
  const carried = { timeoutMs: 60_000, traceparent: '00-a', tracestate: 'a=1', door: 'rest', principal };
  const gone = new AbortController();
  const left = scene.call('left', { ...carried, signal: gone.signal });
  const kept = scene.call('kept');
  const cut = scene.call('cut');
  const [ofLeft, ofKept, ofCut] = await Promise.all(['left', 'kept', 'cut'].map(scene.isMade));
  expect(ofLeft?.options).toMatchObject(carried);
  gone.abort();
  await expect(left).rejects.toMatchObject({ code: 'CANCELLED' });
  // Also for who asks for that only then.
  ofKept?.answer();
  await kept;
  await eventually(() => ofLeft?.options.signal?.aborted);
  scene.cut();
  await expect(cut).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK', details: { reason: 'connection_lost' } });
  await eventually(() => ofCut?.options.signal?.aborted);
  expect(ofKept?.options.signal?.aborted).toBe(false);
});

it('a call over a line whose other host never answers is late a while after its time', async () => {
  await using scene = await openLine();
  await expect(scene.call('never', { timeoutMs: 100 })).rejects.toMatchObject({
    code: 'TIMEOUT',
    details: { reason: 'deadline_exceeded' },
  });
  await eventually(() => scene.made[0]?.options.signal?.aborted);
});
