import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import type { Http2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Socket } from 'node:net';
import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import { LineEnd } from '../../src/cluster/line-end.ts';
import type { Saying } from '../../src/cluster/line-end.ts';

interface Word extends Saying {
  readonly n: number;
}

/** Both ends of a stream of HTTP/2 between two sockets. The caller closes it. */
async function openStream() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const session = connect(`http://127.0.0.1:${port}`);
  const caller = session.request({ ':method': 'POST', ':path': '/' }, { endStream: false });
  const [called] = (await once(server, 'stream')) as [Http2Stream];
  for (const stream of [caller, called]) stream.on('error', () => undefined);
  return {
    caller,
    called,
    async [Symbol.asyncDispose]() {
      session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function listen(stream: Http2Stream, { key, as }: { readonly key: Uint8Array; readonly as: 'caller' | 'called' }) {
  const heard: { readonly n: number; readonly text: string; readonly batch: number }[] = [];
  const broken: string[] = [];
  const end = new LineEnd<Word, Word>(stream, {
    key,
    as,
    hear: ({ n }, text, batch) => heard.push({ n, text, batch }),
    onBroken: ({ message }) => broken.push(message),
  });
  return { end, heard, broken };
}

it('what is said at one end is heard at the other in its order and as it was, however large, and together in one batch', async () => {
  await using streams = await openStream();
  const key = randomBytes(32);
  const caller = listen(streams.caller, { key, as: 'caller' });
  const called = listen(streams.called, { key, as: 'called' });
  const texts = ['', '{"a":1}', 'ü€😀', 'x'.repeat(3 * 1024 * 1024), '"last"'];
  for (const [n, text] of texts.entries()) caller.end.say({ n }, text);
  await eventually(() => called.heard.length === texts.length);
  expect(called.heard.map(({ n, text }) => texts[n] === text)).toEqual(texts.map(() => true));
  expect(called.heard.map(({ batch }) => batch)).toEqual([1, 1, 1, 1, 2]);
  for (const n of [1, 2, 3]) called.end.say({ n });
  called.end.end();
  await eventually(() => caller.heard.length === 3);
  expect(caller.heard.map(({ n }) => n)).toEqual([1, 2, 3]);
  // What comes too late goes nowhere, and breaks nothing.
  called.end.say({ n: 4 });
  called.end.end();
  caller.end.say({ n: 5 });
  await eventually(() => called.heard.length === texts.length + 1);
  expect([streams.called.errored, caller.broken, called.broken]).toEqual([null, [], []]);
});

it('what the other end did not sign, or signed for another place, is not heard, and ends the line', async () => {
  const unsigned = 'it is not signed by the other end';
  for (const [forge, why, as] of [
    [(batch: Buffer) => batch.fill(0, 4, 36), unsigned, 'caller'],
    [(batch: Buffer) => batch.fill('9', batch.lastIndexOf(':') + 1, batch.lastIndexOf(':') + 2), unsigned, 'caller'],
    [(batch: Buffer) => Buffer.concat([batch, batch]), unsigned, 'caller'],
    // What it said itself.
    [(batch: Buffer) => batch, unsigned, 'called'],
    [(batch: Buffer) => batch.fill(0xff, 0, 4), 'it says 4294967299 bytes at once', 'caller'],
    [(batch: Buffer) => batch.fill(0, 0, 3).fill(20, 3, 4), 'it is no batch', 'caller'],
  ] as const) {
    await using streams = await openStream();
    const key = randomBytes(32);
    const written: Buffer[] = [];
    const stream = Object.assign(new Socket(), { write: (batch: Buffer) => written.push(batch) > 0 });
    listen(stream as unknown as Http2Stream, { key, as }).end.say({ n: 1 });
    await eventually(() => written.length === 1);
    const called = listen(streams.called, { key, as: 'called' });
    streams.caller.write(forge(written[0] ?? Buffer.alloc(0)));
    await eventually(() => called.broken.length === 1);
    expect(called.broken).toEqual([why]);
    expect(called.heard.length).toBeLessThanOrEqual(1);
    expect(streams.called.destroyed).toBe(true);
  }
});
