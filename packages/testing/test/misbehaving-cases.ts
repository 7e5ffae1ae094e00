import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { closedPort, startConnector } from '@automate/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ConnectorAdapter, JsonObject } from '@automate/sdk';
import type { StartConnectorOptions } from '@automate/testing';

/** An action and an input for it. */
type Given = readonly [action: string, input: JsonObject];

export interface Protocol {
  readonly name: string;
  readonly adapter: new () => ConnectorAdapter;
  /** First bytes of another database's server. */
  readonly another: Buffer;
  readonly read: Given;
  readonly write: Given;
  /** Takes the login of whoever comes, and says no more. Absent: nobody logs in. */
  readonly letIn?: (socket: Socket) => void;
}

/**
 * What every kind of database says of a server that does not behave as one, to be called at the top of a test. Gives a
 * way to connect to servers that treat every connection alike.
 */
export function itTellsWhatAnswers({ name, adapter, another, read, write, letIn }: Protocol) {
  const running: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of running.splice(0).toReversed()) await close();
  });

  /** A connector to a server that treats every connection so. */
  async function connectTo(serve: (socket: Socket) => void, config: StartConnectorOptions['config'] = {}) {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      serve(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    running.push(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    });
    return connectAt((server.address() as AddressInfo).port, config);
  }

  async function connectAt(port: number, config: StartConnectorOptions['config'] = {}) {
    const connector = await startConnector(adapter, {
      url: `http://127.0.0.1:${port}`,
      config: { ...(letIn && { auth: { type: 'basic', username: 'ann', password: 'x' } }), ...config },
    });
    running.push(() => connector.close());
    return connector;
  }

  describe('what answers at the endpoint', () => {
    it('is told to be nothing', async () => {
      const connector = await connectAt(await closedPort());
      await expect(connector.call(...read)).rejects.toMatchObject({
        code: 'TRANSIENT_NETWORK',
        effect: 'none',
        retryable: true,
      });
      await expect(connector.health()).resolves.toMatchObject({
        status: 'unhealthy',
        details: { code: 'TRANSIENT_NETWORK' },
      });
    });

    it('is told to have no address', async () => {
      const connector = await connectAt(1, { host: 'nowhere.invalid' });
      await expect(connector.call(...write)).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK', effect: 'none' });
    });

    it.each([
      ['a web server', (socket: Socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
      ['another database', (socket: Socket) => void socket.write(another)],
    ])(`is told to be no ${name}: %s`, async (_title, serve) => {
      const connector = await connectTo(serve);
      const failure = { code: 'UPSTREAM_5XX', retryable: false, details: { reason: 'bad_answer' } };
      await expect(connector.call(...read)).rejects.toMatchObject(failure);
      await expect(connector.health()).resolves.toMatchObject({
        status: 'unhealthy',
        details: { code: 'UPSTREAM_5XX' },
      });
    });

    it('is told to close at once', async () => {
      const connector = await connectTo((socket) => socket.destroy());
      await expect(connector.call(...write)).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK', effect: 'none' });
    });

    it('is told to be silent once the deadline passes', async () => {
      const connector = await connectTo(() => undefined);
      await expect(connector.call(...write, { timeoutMs: 200 })).rejects.toMatchObject({
        code: 'TIMEOUT',
        effect: 'none',
      });
      await expect(connector.health({ timeoutMs: 200 })).resolves.toMatchObject({
        status: 'unhealthy',
        details: { code: 'TIMEOUT' },
      });
    });

    if (letIn !== undefined)
      it('is given up when it lets us in and says no more, and keeps no place', async () => {
        const closed: Promise<unknown>[] = [];
        const serve = (socket: Socket): void => {
          closed.push(once(socket, 'close'));
          letIn(socket);
        };
        const connector = await connectTo(serve, { limits: { concurrency: 1, startTimeoutMs: 500 } });
        // One place, which the second connection gets when the first one is given up.
        while (closed.length < 2) {
          const given = connector.call(...write, { timeoutMs: 300 });
          await expect(given).rejects.toMatchObject({ effect: 'none', retryable: true });
          await Promise.all(closed);
        }
      });
  });
  return { connectTo };
}
