import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { UnauthenticatedError } from '@automate/contract';
import { HostEvents } from '../../dist/events/host-events.js';
import type { AuditNews } from '../../dist/records/audit-news.js';
import { recordEvents } from '../../dist/records/record-events.js';
import { NO_SIGN_IN } from '../../dist/transports/sign-in.js';
import { startRestServer } from '../../dist/transports/rest/server.js';
import type { RestServer } from '../../dist/transports/rest/server.js';
import { tellTurnedAway } from '../../dist/transports/turned-away.js';
import { MemoryService } from '../transports/fixtures/memory-service.ts';

const noted: AuditNews[] = [];
let server: RestServer;

beforeEach(async () => {
  noted.length = 0;
  const events = new HostEvents((fault) => {
    throw fault;
  });
  recordEvents(events, { recording: true, note: (news: AuditNews) => noted.push(news) } as never);
  const strict = {
    ...NO_SIGN_IN,
    identify: () => {
      throw new UnauthenticatedError('who are you', { details: { reason: 'no_credentials' } });
    },
  };
  const signIn = tellTurnedAway(strict, (caller) => events.emit('turnedAway', caller));
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

it('many of them crowd out nothing: the rest of a second is counted', async () => {
  for (let round = 0; round < 8; round += 1) await Promise.all(Array.from({ length: 25 }, ask));
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await ask();
  const others = noted.map(({ subject = '' }) => Number(/and (\d+) others before/.exec(subject)?.[1] ?? 0));
  const told = others.reduce((sum, count) => sum + count, noted.length);
  expect(told).toBe(201);
  expect(noted.length).toBeLessThan(150);
});
