import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@automate/contract';
import { json, openRest } from './fixtures/open-rest.ts';

interface Stream {
  readonly response: IncomingMessage;
  /** The next event; undefined at the end. */
  next(): Promise<{ readonly event: string; readonly data: JsonObject } | undefined>;
  leave(): void;
}

function openStream(port: number): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path: '/api/v1/events', agent: false }, (response) => {
      const events = readEvents(response);
      resolve({
        response,
        next: async () => (await events.next()).value ?? undefined,
        leave: () => void outgoing.destroy(),
      });
    });
    outgoing.on('error', reject).end();
  });
}

async function* readEvents(response: IncomingMessage) {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8')) {
    rest += String(chunk);
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== '') yield { event, data: JSON.parse(data) as JsonObject };
    }
  }
}

describe('GET /api/v1/events', () => {
  it('says what there is, then that it is all, then what changes', async () => {
    await using rest = await openRest();
    const stream = await openStream(rest.server.port);
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const first = [await stream.next(), await stream.next(), await stream.next(), await stream.next()];
    expect(first.map((each) => each?.event)).toEqual(['added', 'added', 'added', 'synced']);
    expect(first[0]?.data).toMatchObject({ kind: 'added', connector: { id: 'echo', last_error: '' } });
    await rest.call('POST /api/v1/connectors', json({ id: 'late', kind: 'echo' }));
    expect(await stream.next()).toMatchObject({ event: 'added', data: { connector: { id: 'late' } } });
    await rest.call('DELETE /api/v1/connectors/late');
    expect(await stream.next()).toMatchObject({ event: 'removed', data: { id: 'late' } });
    stream.leave();
  });

  it('lets the service know when its caller leaves', async () => {
    await using rest = await openRest();
    const stream = await openStream(rest.server.port);
    await stream.next();
    const watched = rest.service.calls.find(({ method }) => method === 'watch');
    stream.leave();
    while (watched?.options.signal?.aborted !== true) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('ends at once when the server closes', async () => {
    const rest = await openRest();
    const stream = await openStream(rest.server.port);
    for (let seen = ''; seen !== 'synced';) seen = (await stream.next())?.event ?? 'synced';
    const closed = rest.server.close({ drainMs: 60_000 });
    expect(await stream.next()).toBeUndefined();
    await closed;
  });
});
