import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectorConfigInput, ConnectorService, ErrorCode } from '@automate/contract';
import { ERROR_CODES, isAccessCode } from '@automate/contract';
import { openRestBackend } from '../../fixtures/rest-backend.ts';
import { MemoryService } from '../fixtures/memory-service.ts';
import { CONNECTORS, openRest } from './fixtures/open-rest.ts';

let rest: Awaited<ReturnType<typeof openRest>>;
let remote: ConnectorService;
/** The same service again, without a door. */
const local = new MemoryService(CONNECTORS);
beforeAll(async () => {
  rest = await openRest();
  remote = openRestBackend(rest.server.address);
});
afterAll(async () => {
  await remote.close();
  await rest[Symbol.asyncDispose]();
});

const withoutTimes = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, inner: unknown) =>
      /^(checkedAt|lastSuccessAt|durationMs)$/.test(key) ? 'a time' : inner,
    ),
  );

const attempt = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    return withoutTimes(await work);
  } catch (error) {
    return (error as { toEnvelope(): unknown }).toEnvelope();
  }
};

const config: ConnectorConfigInput = {
  id: 'mine',
  kind: 'keyed',
  host: 'h',
  auth: { type: 'oauth2', tokenUrl: 'https://t', clientId: 'i', clientSecret: 's', scopes: ['a'] },
  healthCheck: { intervalMs: 90_000 },
  limits: { timeoutMs: 2500 },
  settings: { a_b: { cD: [1] } },
  metadata: { x_y: 'z' },
};

describe('what goes in and comes out over REST is what goes in and comes out without', () => {
  it.each<[string, (service: ConnectorService) => Promise<unknown>]>([
    ['list', (service) => service.list()],
    ['list by type', (service) => service.list({ type: 'observability', enabledOnly: true })],
    ['register', (service) => service.register(config)],
    ['register twice', (service) => service.register(config)],
    ['get', (service) => service.get('mine')],
    ['get nobody', (service) => service.get('nobody')],
    ['update', (service) => service.update({ id: 'mine', kind: 'keyed', name: 'Mine' })],
    ['describe', (service) => service.describe('mine')],
    ['probe', (service) => service.healthCheck('prometheus')],
    ['probe all', (service) => service.healthCheckAll()],
    ['last probes', (service) => service.healthCheckAll({ cached: true, type: 'custom' })],
    ['test', (service) => service.test('prometheus')],
    ['execute', (service) => service.execute({ id: 'mine', action: 'echo', payload: { a: ['ü', null] } })],
    ['execute without payload', (service) => service.execute({ id: 'mine', action: 'echo' })],
    ['execute text', (service) => service.executeText({ id: 'mine', action: 'echo', payload: '{ "a": 1.50 }' })],
    ['a key', (service) => service.execute({ id: 'mine', action: 'count', idempotencyKey: 'k' })],
    ['the key again', (service) => service.execute({ id: 'mine', action: 'count', idempotencyKey: 'k' })],
    ['what is kept', (service) => service.getOutcome('mine', 'k')],
    ['what is cleared', (service) => service.clearOutcome('mine', 'k')],
    ['what is kept no more', (service) => service.getOutcome('mine', 'k')],
    ['an unknown action', (service) => service.execute({ id: 'echo', action: 'nope' })],
    ['an empty id', (service) => service.get('')],
    ['a disabled one', (service) => service.execute({ id: 'off', action: 'echo' })],
    [
      'a deadline',
      (service) => service.execute({ id: 'echo', action: 'wait', payload: { ms: 20_000 } }, { timeoutMs: 40 }),
    ],
    ['a large result', (service) => service.execute({ id: 'echo', action: 'large', payload: { bytes: 4e6 } })],
    ['plugins', (service) => service.plugins()],
    ['remove', (service) => service.remove('mine')],
    ['remove what the file owns', (service) => service.remove('echo')],
  ])('%s', async (_name, work) => {
    expect(await attempt(work(remote))).toEqual(await attempt(work(local)));
  });

  it.each((Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => !isAccessCode(code)))(
    'an error %s',
    async (code) => {
      const payload = { code, message: 'no', retryAfterMs: 5, details: { a: 1 }, effect: 'none' };
      const fail = (service: ConnectorService) => service.execute({ id: 'echo', action: 'fail', payload });
      expect(await attempt(fail(remote))).toEqual(await attempt(fail(local)));
    },
  );

  it('a call that its caller cancels', async () => {
    const controller = new AbortController();
    const call = remote.execute({ id: 'echo', action: 'wait', payload: { ms: 20_000 } }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 0);
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED', connector: 'echo' });
  });

  it('changes, as far as polling sees them', async () => {
    const kinds: string[] = [];
    for await (const event of remote.watch()) {
      kinds.push(event.kind);
      if (event.kind === 'synced') await remote.register({ id: 'new', kind: 'echo' });
      if (event.kind === 'added' && event.connector.id === 'new') await remote.remove('new');
      if (event.kind === 'removed') break;
    }
    expect(kinds).toEqual([...CONNECTORS.map(() => 'added'), 'synced', 'added', 'removed']);
  });
});
