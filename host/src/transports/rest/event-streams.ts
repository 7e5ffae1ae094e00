import { Readable } from 'node:stream';
import type { CallOptions } from '@automate/contract';
import { ConnectorError } from '@automate/contract';
import { toProblemDocument } from '@automate/contract/http';
import type { FastifyRequest } from 'fastify';
import { admittedOf } from '../sign-in.ts';

/** How long a stream may say nothing, in milliseconds: proxies take a silent connection for a dead one. */
const HEARTBEAT_MS = 15_000;

/** One server-sent event. */
export interface ServerEvent {
  readonly event: string;
  /** Sent as JSON. */
  readonly data: unknown;
  /** By which whoever lost the connection says what came last. */
  readonly id?: number | string;
}

/** The streams of server-sent events of a server of REST. */
export class EventStreams {
  readonly #open = new Set<AbortController>();
  readonly #heartbeatMs: number;

  constructor({ heartbeatMs = HEARTBEAT_MS }: { readonly heartbeatMs?: number } = {}) {
    this.#heartbeatMs = heartbeatMs;
  }

  /**
   * What `follow` gives, an event each, at the pace at which the other side reads. Rejects with what ends it before its first event, for
   * which there is a status; what ends it later is its last event.
   */
  async open<Item>(
    request: FastifyRequest,
    options: CallOptions,
    follow: (options: CallOptions) => AsyncIterable<Item>,
    toEvent: (item: Item) => ServerEvent,
  ): Promise<Readable> {
    const ended = new AbortController();
    const gone: ConnectorError[] = [];
    const letGo = admittedOf(request.raw)?.follow?.((reason) => {
      gone.push(reason);
      ended.abort();
    });
    const signal = options.signal === undefined ? ended.signal : AbortSignal.any([options.signal, ended.signal]);
    const over = (): void => {
      letGo?.();
      this.#open.delete(ended);
    };
    this.#open.add(ended);
    try {
      const reader = follow({ ...options, signal })[Symbol.asyncIterator]();
      const first = await reader.next();
      return Readable.from(encode({ first, reader, toEvent, gone, over, heartbeatMs: this.#heartbeatMs }), {
        objectMode: false,
      });
    } catch (error) {
      over();
      throw error;
    }
  }

  /** Ends all of them in good order. */
  endAll(): void {
    for (const ended of this.#open) ended.abort();
  }
}

interface Followed<Item> {
  readonly first: IteratorResult<Item>;
  readonly reader: AsyncIterator<Item>;
  toEvent(item: Item): ServerEvent;
  /** Why its caller counts no longer. */
  readonly gone: readonly ConnectorError[];
  over(): void;
  readonly heartbeatMs: number;
}

async function* encode<Item>(followed: Followed<Item>): AsyncGenerator<string, void> {
  const { first, reader, toEvent, gone, over, heartbeatMs } = followed;
  try {
    // Whoever loses the connection comes back after so many milliseconds.
    yield 'retry: 2000\n\n';
    let next: Promise<IteratorResult<Item>> = Promise.resolve(first);
    for (;;) {
      const result = await orHeartbeat(next, heartbeatMs);
      if (result === 'heartbeat') yield ': \n\n';
      else if (result.done === true) {
        for (const reason of gone) throw reason;
        return;
      } else {
        yield encodeEvent(toEvent(result.value));
        next = reader.next();
      }
    }
  } catch (reason) {
    const document = toProblemDocument(ConnectorError.from(reason));
    yield encodeEvent({ event: 'error', data: document });
  } finally {
    over();
    await reader.return?.();
  }
}

async function orHeartbeat<Value>(next: Promise<Value>, heartbeatMs: number): Promise<Value | 'heartbeat'> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<'heartbeat'>((resolve) => {
    timer = setTimeout(() => resolve('heartbeat'), heartbeatMs);
  });
  try {
    return await Promise.race([next, silence]);
  } finally {
    clearTimeout(timer);
  }
}

function encodeEvent({ event, data, id }: ServerEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
