import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { until } from '../runtime/support.ts';

/** Holds a connection and never lets go of it: only the end of its thread does. */
const HOLDING = `
import { once } from 'node:events';
import { connect } from 'node:net';
import { ConnectorAdapter } from '@automate/sdk';
async function hold({ port, word }) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(word);
  await once(socket, 'data');
}
export default class Holding extends ConnectorAdapter {
  name = 'holding';
  version = '1.0.0';
  configSchema = {
    jsonSchema: { type: 'object' },
    schema: { '~standard': { version: 1, vendor: 'test', validate: async (value) => {
      if (value.isCheckedForEver) await hold(value).then(() => new Promise(() => undefined));
      return { value };
    } } },
  };
  async connect() {
    await hold(this.context.settings);
    return true;
  }
  async healthCheck() { return { status: 'healthy', message: 'all is well' }; }
  async execute() { return this.context.settings.word; }
}
`;

/** Knows by what word each of the connections that are held to it came. */
class Remote implements AsyncDisposable {
  readonly held: string[] = [];
  readonly ended: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<Remote> {
    const server = createServer();
    const remote = new Remote(server);
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (data) => {
        const word = String(data);
        remote.held.push(word);
        socket.once('close', () => {
          remote.held.splice(remote.held.indexOf(word), 1);
          remote.ended.push(word);
        });
        socket.write('welcome');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return remote;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function openHost(): Promise<SandboxHost> {
  return SandboxHost.open({
    kinds: [],
    serve: false,
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'holding', source: HOLDING })),
  });
}

describe('an update', () => {
  it('leaves no worker behind, neither the one that it replaced nor the one that it was tried out in', async () => {
    await using remote = await Remote.open();
    await using it = await openHost();
    const configured = (word: string) => ({
      id: 'one',
      kind: 'holding',
      settings: { port: remote.port, word },
      healthCheck: { enabled: false },
    });
    await it.service.register(configured('before'));
    await expect(it.service.healthCheck('one')).resolves.toMatchObject({ healthy: true });
    expect(remote.held).toEqual(['before']);
    await it.service.update(configured('after'));
    await until('the one that was tried out has ended', () => remote.ended.includes('after'));
    await until('the one that was replaced has ended', () => remote.ended.includes('before'));
    await expect(it.service.execute({ id: 'one', action: 'ask' })).resolves.toMatchObject({ result: 'after' });
    expect(remote.held).toEqual(['after']);
  });
});

describe('a host that closes', () => {
  it('leaves no worker behind in which a configuration is being checked', async () => {
    await using remote = await Remote.open();
    await using it = await openHost();
    const settings = { port: remote.port, word: 'checked', isCheckedForEver: true };
    const registered = it.service.register({ id: 'one', kind: 'holding', settings }).catch((error: unknown) => error);
    await until('the check has begun', () => remote.held.includes('checked'));
    await it.host.close();
    await expect(registered).resolves.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'shutting_down' } });
    await until('its worker has ended', () => remote.ended.includes('checked'));
  });
});
