import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { ConnectorError, JsonObject } from '@automate/contract';
import { describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

/** What a remote system does with a request for an action, by the number of the request, from 1. */
type Conduct = (count: number) => 'answer' | 'silence' | 'reset';

interface Kind {
  /** What the adapter asks for to be ready. */
  readonly starting: { readonly path: string; readonly answer: string };
  readonly action: string;
  readonly payload: JsonObject;
  readonly answer: string;
}

/** A server that lets the connector start, and counts all requests of actions that reach it, answered or not. */
class CountingRemote implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The first lines of all requests by which the adapter starts. */
  readonly starts: string[] = [];
  /** And of those that are an action's. */
  readonly seen: string[] = [];

  private constructor({ starting, answer }: Kind, conduct: Conduct, start: Conduct) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        const [line = ''] = bytes.toString().split('\r\n');
        const isStart = line.includes(starting.path);
        const body = isStart ? starting.answer : answer;
        const { starts, seen } = this;
        (isStart ? starts : seen).push(line);
        switch (isStart ? start(starts.length) : conduct(seen.length)) {
          case 'reset':
            socket.resetAndDestroy();
            break;
          case 'answer':
            socket.write(
              `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
            );
            break;
          case 'silence':
        }
      });
    });
  }

  static async start(kind: Kind, conduct: Conduct, start: Conduct): Promise<CountingRemote> {
    const remote = new CountingRemote(kind, conduct, start);
    await once(remote.#server.listen(0, '127.0.0.1'), 'listening');
    return remote;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }
}

const KINDS = {
  prometheus: {
    starting: {
      path: '/api/v1/query?query=1',
      answer: '{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}',
    },
    action: 'label_values',
    payload: { label: 'job' },
    answer: '{"status":"success","data":["api"]}',
  },
  jaeger: {
    starting: { path: '/api/v3/services', answer: '{"services":[]}' },
    action: 'list_operations',
    payload: { service: 'shop' },
    answer: '{"operations":[]}',
  },
} as const satisfies Record<string, Kind>;

const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[];

async function open(
  name: keyof typeof KINDS,
  conduct: Conduct,
  limits = '{ timeout: 30s }',
  start: Conduct = () => 'answer',
) {
  const kind: Kind = KINDS[name];
  const remote = await CountingRemote.start(kind, conduct, start);
  const entry = new URL(`../../../plugins/${name}/dist/${name}-adapter.js`, import.meta.url);
  const host = await SandboxHost.open({
    kinds: [],
    register: [{ kind: name, adapter: { entry } }],
    yaml: `
connectors:
  - id: it
    kind: ${name}
    host: 127.0.0.1
    port: ${remote.port}
    health_check: { enabled: false }
    retry: { attempts: 3, backoff: 1ms, max_backoff: 1ms }
    limits: ${limits}
`,
  });
  const execute = (action: string, payload: JsonObject, options = {}) =>
    host.service.execute({ id: 'it', action, payload }, options);
  return {
    starts: remote.starts,
    seen: remote.seen,
    read: (options = {}) => execute(kind.action, kind.payload, options),
    change: () => execute('call', { method: 'POST', path: '/changes', json: {} }),
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await remote[Symbol.asyncDispose]();
    },
  };
}

const failed = (answer: Promise<unknown>) =>
  answer.then(
    () => undefined,
    (error: ConnectorError) => error,
  );

describe.each(kinds)('the attempts of a call of %s', (name) => {
  it('are as many as the requests of a remote that breaks the first two off', async () => {
    await using it = await open(name, (count) => (count < 3 ? 'reset' : 'answer'));
    expect(await it.read()).toMatchObject({ attempts: 3 });
    expect(it.seen).toHaveLength(3);
  });

  it('are as many as the requests of a remote that breaks all of them off, and had no effect where they only read', async () => {
    await using it = await open(name, () => 'reset');
    expect(await failed(it.read())).toMatchObject({ code: 'TRANSIENT_NETWORK', effect: 'none', attempts: 3 });
    expect(it.seen).toHaveLength(3);
  });

  it('are as many as the requests of a remote that breaks off what comes over a kept connection', async () => {
    await using it = await open(name, (count) => (count === 1 ? 'answer' : 'reset'));
    expect(await it.read()).toMatchObject({ attempts: 1 });
    expect(await failed(it.read())).toMatchObject({ code: 'TRANSIENT_NETWORK', effect: 'none', attempts: 3 });
    expect(it.seen).toHaveLength(4);
  });

  it('are as many as the requests of a remote that says nothing', async () => {
    await using it = await open(name, (count) => (count === 1 ? 'answer' : 'silence'), '{ timeout: 1s }');
    expect(await it.read()).toMatchObject({ attempts: 1 });
    expect(await failed(it.read())).toMatchObject({ code: 'TIMEOUT', effect: 'none', attempts: 3 });
    expect(it.seen).toHaveLength(4);
  });

  it.each(['reset', 'silence'] as const)('are one where it may have changed something: %s', async (conduct) => {
    await using it = await open(name, () => conduct, '{ timeout: 1s }');
    expect(await failed(it.change())).toMatchObject({ effect: 'maybe', attempts: 1 });
    expect(it.seen).toHaveLength(1);
  });
});

describe.each(kinds)('a start of %s', (name) => {
  it('that is broken off each time is tried as often as is said, and sends nothing of the call', async () => {
    await using it = await open(
      name,
      () => 'answer',
      '{ start_timeout: 9s }',
      () => 'reset',
    );
    const error = await failed(it.change());
    expect(error).toMatchObject({ code: 'TRANSIENT_NETWORK', effect: 'none', attempts: 3 });
    expect([it.starts.length, it.seen.length]).toStrictEqual([3, 0]);
  });

  it('that is not answered sends nothing of the call', async () => {
    await using it = await open(
      name,
      () => 'answer',
      '{ start_timeout: 1s }',
      () => 'silence',
    );
    const error = await failed(it.change());
    expect(error).toMatchObject({ code: 'TIMEOUT', effect: 'none', attempts: 3 });
    // The time may be over before the adapter came to ask.
    expect(it.starts.length).toBeLessThanOrEqual(3);
    expect(it.seen).toHaveLength(0);
  });

  it('that is broken off twice works at the third attempt', async () => {
    await using it = await open(
      name,
      () => 'answer',
      '{ start_timeout: 9s }',
      (count) => (count < 3 ? 'reset' : 'answer'),
    );
    const { attempts } = await it.read();
    expect([attempts, it.starts.length, it.seen.length]).toStrictEqual([3, 3, 1]);
  });
});
