import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { UnauthenticatedError } from '@automate/contract';
import { HostEvents } from '../../dist/events/host-events.js';
import type { AuditNews } from '../../dist/records/audit-news.js';
import { Refusals } from '../../dist/records/refusals.js';
import { recordEvents } from '../../dist/records/record-events.js';
import { NO_SIGN_IN } from '../../dist/transports/sign-in.js';
import { startRestServer } from '../../dist/transports/rest/server.js';
import type { RestServer } from '../../dist/transports/rest/server.js';
import { tellTurnedAway } from '../../dist/transports/turned-away.js';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { TlsFiles } from '../transports/fixtures/tls-files.ts';
import { MemoryService } from '../transports/fixtures/memory-service.ts';

const noted: AuditNews[] = [];
let server: RestServer;
let refusals: Refusals;
let events: HostEvents;

beforeEach(async () => {
  noted.length = 0;
  events = new HostEvents((fault) => {
    throw fault;
  });
  const audit = { recording: true, note: (news: AuditNews) => void noted.push(news) };
  refusals = new Refusals(audit);
  recordEvents(events, audit as never, refusals);
  const strict = {
    ...NO_SIGN_IN,
    identify: () => {
      throw new UnauthenticatedError('who are you', { details: { reason: 'no_credentials' } });
    },
  };
  const signIn = tellTurnedAway(
    strict,
    (caller) => events.emit('turnedAway', caller),
    (caller) => events.emit('readRefused', caller),
  );
  server = await startRestServer({
    service: new MemoryService(),
    host: '127.0.0.1',
    port: 0,
    version: '1',
    ready: () => true,
    signIn,
  });
});

afterEach(() => server.close());

const ask = (): Promise<Response> =>
  fetch(`${server.address}/api/v1/connectors`, { headers: { authorization: 'Bearer canary-secret-token' } });

it('a caller who did not sign in is recorded, with nothing that it sent', async () => {
  expect((await ask()).status).toBe(401);
  expect(noted).toEqual([
    {
      at: expect.any(Number),
      kind: 'sign_in',
      operation: 'signIn',
      principal: 'unknown',
      door: 'rest',
      subject: expect.stringMatching(/127\.0\.0\.1: no_credentials$/),
      code: 'UNAUTHENTICATED',
    },
  ]);
});

it('many of them crowd out nothing: those of a kind are counted, and of many kinds all others', async () => {
  for (let round = 0; round < 8; round += 1) await Promise.all(Array.from({ length: 25 }, ask));
  expect(noted).toHaveLength(1);
  refusals.flush();
  expect(noted.map(({ subject }) => subject)).toEqual([
    expect.stringMatching(/127\.0\.0\.1: no_credentials$/),
    expect.stringMatching(/127\.0\.0\.1: no_credentials, 199 more like this$/),
  ]);
  noted.length = 0;
  for (let address = 0; address < 500; address += 1)
    events.emit('turnedAway', { door: 'rest', address: `192.0.2.${address}`, reason: 'no_tls' });
  refusals.flush();
  expect(noted).toHaveLength(11);
  expect(noted[10]?.subject).toMatch(/^490 others, of whom one is: unknown, rest, 192\.0\.2\.10: no_tls$/);
});

it('connections that come as far as no request are recorded, also those that are slower than the file allows by now', async () => {
  using files = new TlsFiles();
  await using sandbox = await SandboxHost.open({ kinds: [], env: { ...files.env, AUDIT: 'on' } });
  await sandbox.writeConfig('access: { limits: { header_timeout: 1s } }\n');
  const port = (address = ''): number => Number(/:(\d+)$/.exec(address)?.[1]);
  const doors = [port(sandbox.host.grpcAddress), port(sandbox.host.httpAddress)];
  const end = async (to: number, bytes: Buffer): Promise<void> => {
    const socket = connectTcp(to, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write(bytes);
    await once(socket, 'close');
  };
  await sandbox.host.reload();
  const startedAt = performance.now();
  for (const door of doors) {
    await end(door, Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    await end(door, Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5]));
    await end(door, Buffer.from([0x16, 3, 1]));
  }
  // Ten seconds each would be the doors' own.
  expect(performance.now() - startedAt).toBeLessThan(15_000);
  const { records } = await sandbox.service.listAudit({ operation: 'signIn', order: 'oldest' });
  const seen = records.map(({ door, code, subject }) => `${door} ${code} ${subject}`);
  expect(seen).toEqual(
    ['grpc', 'rest'].flatMap((door) =>
      [/no_tls/, /tls_handshake ERR_SSL_\w+/, /handshake_timeout/].map((why): unknown =>
        expect.stringMatching(new RegExp(`^${door} UNAUTHENTICATED 127\\.0\\.0\\.1: ${why.source}$`)),
      ),
    ),
  );
});
