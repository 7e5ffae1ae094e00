import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ConnectorError } from '@automate/contract';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SandboxHost } from './fixtures/sandbox-host.ts';

const PLUGINS = join(import.meta.dirname, '..', '..', 'plugins');

/** Kinds by whose drivers the network is reached, with what they need besides a place. */
const KINDS: Readonly<Record<string, string>> = {
  postgres: '',
  mysql: '',
  redis: '',
  s3: 'auth: { type: basic, username: key, password: secret }, settings: { region: eu-central-1 }, ',
  slack: 'auth: { type: bearer, token: xoxb-1 }, settings: { signing_secret: hush }, ',
  discord: 'auth: { type: bearer, token: token }, ',
  openclaw: 'auth: { type: bearer, token: secret }, settings: { agent_id: main }, ',
  http: '',
  prometheus: '',
};

describe.each(['thread', 'process', 'restricted'] as const)('drivers in a %s', (isolation) => {
  let server: Server;
  let visits = 0;
  let port = 0;
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    server = createServer((socket) => {
      visits += 1;
      sockets.add(socket);
      socket.on('error', () => {}).resume();
      // No protocol of theirs: they are to see that, and give up.
      socket.end('no\r\n\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const yaml = (network: string): string => `
network: { ${network} }
plugins:
  scan: all
  grants: { "@automate/*": { network: ["*", "discord.com:443"] } }
connectors:
${Object.entries(KINDS)
  .flatMap(([kind, more]) =>
    ['127.0.0.1', 'localhost'].map(
      (host) =>
        `  - { id: ${kind}-${host}, kind: ${kind}, host: ${host}, port: ${port}, ${more}isolation: ${isolation}, retry: { attempts: 3 }, limits: { timeout: 5s }, health_check: { enabled: false } }`,
    ),
  )
  .join('\n')}
`;
  /** Their first call connects. */
  const call = (it: SandboxHost, id: string): Promise<ConnectorError> =>
    it.service.execute({ id, action: 'request', payload: { path: '/' } }).then(
      () => {
        throw new Error(`${id} had an answer`);
      },
      (error: ConnectorError) => error,
    );

  it('connect to nothing that is denied, and say so as all do', async () => {
    await using it = await SandboxHost.open({
      kinds: [],
      yaml: yaml(`deny: [loopback]`),
      prepare: async (sandbox) => {
        for (const kind of Object.keys(KINDS))
          await sandbox.linkPackage(`@automate/connector-${kind}`, join(PLUGINS, kind));
      },
    });
    for (const { id } of await it.service.list()) {
      const { message, ...said } = await call(it, id);
      expect([id, said]).toEqual([
        id,
        expect.objectContaining({
          code: 'FORBIDDEN',
          effect: 'none',
          blame: 'operator',
          retryable: false,
          details: expect.objectContaining({ reason: 'network_policy', rule: 'loopback' }),
        }),
      ]);
      expect(message).toContain(`"${id}"`);
    }
    expect(visits).toBe(0);
    await it.writeConfig(yaml(`deny: [private]`));
    await it.host.reload();
    for (const kind of Object.keys(KINDS)) {
      const before = visits;
      await call(it, `${kind}-127.0.0.1`);
      expect([kind, visits > before]).toEqual([kind, true]);
    }
  });
});
