import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CallOptions, Execution, StartExecutionRequest, WebhookDelivery } from '@automate/contract';
import { InvalidInputError, UnavailableError } from '@automate/contract';
import type { ConnectorEntry } from '../../dist/connectors/connector-state.js';
import type { ConnectorWorker } from '../../dist/runtime/runtime.js';
import { openStores } from '../../dist/store/open-stores.js';
import type { Stores } from '../../dist/store/stores.js';
import { Webhooks } from '../../dist/webhooks/webhooks.js';

const HOUR = 3_600_000;
const ENTRY = {
  id: 'hooked',
  state: { phase: 'usable' },
  config: { webhook: { action: 'take' }, limits: { idempotencyTtlMs: HOUR } },
} as unknown as ConnectorEntry;

/** A worker that finds every webhook genuine, and calls it what its body says. */
const WORKER = {
  id: 'hooked',
  ensure: async () => ({ capabilities: { webhooks: true } }),
  call: async ({ payload }: { payload: string }) => {
    const { body } = JSON.parse(payload) as { body: string };
    const id = Buffer.from(body, 'base64').toString();
    return { ok: true, value: JSON.stringify({ genuine: true, deliver: true, ...(id === 'nameless' ? {} : { id }) }) };
  },
} as unknown as ConnectorWorker;

describe('the deliveries of webhooks, without a host', () => {
  let dataDir: string;
  const opened: Stores[] = [];
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'deliveries-'));
  });
  afterEach(async () => {
    for (const stores of opened.splice(0)) await stores.close();
    rmSync(dataDir, { recursive: true });
  });

  const open = async () => {
    const stores = await openStores({ dataDir });
    opened.push(stores);
    const published: WebhookDelivery[] = [];
    const ended: string[] = [];
    const start: {
      now: (request: StartExecutionRequest, options: CallOptions) => Promise<{ readonly id: string }>;
    } = { now: async () => ({ id: 'execution' }) };
    const webhooks = new Webhooks({
      find: (id) => (id === 'hooked' ? ENTRY : undefined),
      takesWebhooks: () => true,
      workerOf: () => WORKER,
      outcomes: stores.outcomes,
      startExecution: (request, options) => start.now(request, options) as Promise<Execution>,
      publish: (_id, delivery) => published.push(delivery),
      isHost: ({ principal }) => principal?.name === 'another host',
      scrub: (text) => text,
      onEnd: ({ outcome }) => ended.push(outcome),
    });
    const send = (body: string) => webhooks.receiveWebhook('hooked', { headers: {}, body: Buffer.from(body) });
    return { webhooks, stores, published, ended, start, send };
  };

  it('are told by other hosts alone, once each of them, and forgotten after very many', async () => {
    const { webhooks, published } = await open();
    const told = (id: string): WebhookDelivery => ({
      ...{ id, receivedAt: new Date().toISOString(), headers: {}, encoding: 'json', body: 1 },
    });
    const tell = (id: string, name: string) => {
      const request = { headers: {}, body: Buffer.from(`sent ${id}`), told: told(id) };
      return webhooks.receiveWebhook('hooked', request, { principal: { name, scopes: ['admin'] } });
    };
    await tell('made up', 'a client');
    expect(published.map(({ id }) => id)).not.toContain('made up');
    published.length = 0;
    for (const outcome of ['accepted', 'duplicate'])
      await expect(tell('one', 'another host')).resolves.toEqual({ outcome });
    for (let index = 0; index < 1_000; index += 1) await tell(`more ${index}`, 'another host');
    await expect(tell('more 1', 'another host')).resolves.toEqual({ outcome: 'duplicate' });
    await expect(tell('one', 'another host')).resolves.toEqual({ outcome: 'accepted' });
    expect(published).toHaveLength(1_002);
  });

  it('that could not be made are made when they are sent again, and one that is being made is not', async () => {
    const { start, send, published, ended, stores } = await open();
    start.now = async () => {
      throw new UnavailableError('no place', { details: { reason: 'store_lost' } });
    };
    await expect(send('one')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const going = Promise.withResolvers<{ readonly id: string }>();
    const begun = Promise.withResolvers<void>();
    start.now = () => {
      begun.resolve();
      return going.promise;
    };
    const made = send('one');
    await begun.promise;
    await expect(send('one')).rejects.toMatchObject({ details: { reason: 'in_progress' } });
    expect(published).toEqual([]);
    going.resolve({ id: 'execution' });
    await expect(made).resolves.toMatchObject({ outcome: 'accepted', execution: 'execution' });
    await expect(send('one')).resolves.toMatchObject({ outcome: 'duplicate' });
    expect(published).toHaveLength(1);
    expect(ended).toEqual(['failed', 'failed', 'accepted', 'duplicate']);
    // It stands in the store by the time that it is answered.
    await stores.close();
    await expect((await open()).send('one')).resolves.toMatchObject({ outcome: 'duplicate' });
  });

  it('whose host ended in their midst are made again, with the execution that was started', async () => {
    const former = await open();
    former.start.now = () => new Promise(() => undefined);
    void former.send('one').catch(() => undefined);
    while (former.ended.length === 0) {
      const found = await former.send('one').catch(({ details }: { details?: { reason?: string } }) => details?.reason);
      if (found === 'in_progress') break;
    }
    await former.stores.close();
    const { start, send, published } = await open();
    start.now = async () => {
      throw new InvalidInputError('another payload', { details: { reason: 'key_reused', execution: 'started' } });
    };
    await expect(send('one')).resolves.toMatchObject({ outcome: 'accepted', execution: 'started' });
    await expect(send('one')).resolves.toMatchObject({ outcome: 'duplicate' });
    expect(published).toHaveLength(1);
  });

  it('are not failures here where the connector has moved: it is told where it is now', async () => {
    const { start, send, ended } = await open();
    start.now = async () => {
      throw new UnavailableError('held elsewhere', { details: { reason: 'moved' } });
    };
    await expect(send('nameless')).rejects.toMatchObject({ details: { reason: 'moved' } });
    expect(ended).toEqual([]);
  });
});
