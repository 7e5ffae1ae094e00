import { readdirSync } from 'node:fs';
import type { JsonObject } from '@automate/contract';
import { describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

/** What hangs is not waited for; the others have all the time that a busy machine needs. */
const how = (id: string): string =>
  `  - { id: "${id}", kind: unreachable, settings: { how: "${id}" }, health_check: { timeout: ${id === 'hang' ? '300ms' : '60s'} } }\n`;

/** Is as the answer of its settings says. */
const ANSWERING = `
import { ConnectorAdapter } from '@automate/sdk';
export default class Answering extends ConnectorAdapter {
  name = 'answering';
  version = '1.0.0';
  async connect() { return true; }
  async healthCheck({ traceparent }) {
    const { answer } = this.context.settings;
    return { ...answer, message: answer.message.replace('TRACE', traceparent) };
  }
  async execute(action) { return action; }
}
`;

describe('what a health check answers', () => {
  const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const unhealthy = (message: unknown, blame: string): object => ({ status: 'unhealthy', message, blame });

  it.each<[string, JsonObject, object]>([
    ['well, without a word', { status: 'healthy', message: '' }, { status: 'healthy', message: 'healthy' }],
    ['well, with one', { status: 'healthy', message: 'fine' }, { status: 'healthy', message: 'fine' }],
    ['the trace of whoever asked', { status: 'healthy', message: 'TRACE' }, { message: TRACE }],
    ['unwell', { status: 'unhealthy', message: 'gone' }, unhealthy('gone', 'remote')],
    [
      'neither',
      { status: 'so-so', message: 'x' },
      unhealthy(expect.stringMatching(/neither healthy nor unhealthy/), 'plugin'),
    ],
    [
      'unwell by a code',
      { status: 'unhealthy', message: 'no', details: { code: 'AUTH_FAILED' } },
      unhealthy('credentials refused: no', 'operator'),
    ],
    [
      'unwell by a code that blames a caller, of which there is none',
      { status: 'unhealthy', message: 'odd', details: { code: 'INVALID_INPUT' } },
      unhealthy('remote answers badly: odd', 'plugin'),
    ],
  ])('is what is said of it: %s', async (_what, answer, said) => {
    await using it = await openAnswering({ answer });
    await expect(it.service.healthCheck('it', { traceparent: TRACE })).resolves.toMatchObject(said);
  });

  async function openAnswering(settings: JsonObject): Promise<SandboxHost> {
    const it = await SandboxHost.open({
      kinds: [],
      serve: false,
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'answering', source: ANSWERING })),
    });
    await it.service.register({ id: 'it', kind: 'answering', settings });
    return it;
  }
});

describe('health messages', () => {
  it('tell an unreachable remote, one that answers badly, refused credentials and a dead worker apart', async () => {
    const ids = ['refused', 'badly', 'auth', 'hang', 'false'];
    await using it = await SandboxHost.open({
      yaml: `connectors:\n${ids.map((id) => how(id)).join('')}  - { id: dying, kind: echo }\n`,
    });
    const reports = await it.service.healthCheckAll();
    const messages = Object.fromEntries(
      Object.entries(reports).map(([id, { status, message }]) => [id, [status, message.split(':')[0]]]),
    );
    expect(messages).toEqual({
      refused: ['unhealthy', 'remote unreachable'],
      badly: ['unhealthy', 'remote answers badly'],
      auth: ['unhealthy', 'credentials refused'],
      hang: ['unhealthy', 'remote unreachable'],
      false: ['unhealthy', 'could not connect'],
      dying: ['healthy', 'connected'],
    });
  });

  it('blame no remote system for a kind whose own code blocks its thread', async () => {
    await using it = await SandboxHost.open({
      kinds: [],
      yaml: 'connectors: [{ id: it, kind: answering, health_check: { timeout: 300ms } }]\n',
      prepare: async (sandbox) =>
        void (await sandbox.addConnector({
          kind: 'answering',
          source: ANSWERING.replace('traceparent }) {', 'traceparent }) { for (;;);'),
        })),
    });
    await expect(it.service.healthCheck('it')).resolves.toMatchObject({
      status: 'unhealthy',
      blame: 'plugin',
      message: expect.stringMatching(/^plugin fault: .*blocks its event loop/),
    });
  });

  it('say that the worker is dead, and why, while one that keeps dying is not started again', async () => {
    await using it = await SandboxHost.open({
      yaml: 'connectors:\n  - { id: dying, kind: echo, retry: { attempts: 1 } }\n',
    });
    for (let crash = 0; crash < 2; crash += 1) {
      await expect(it.service.execute({ id: 'dying', action: 'die' })).rejects.toMatchObject({ connector: 'dying' });
    }
    const [info] = await it.service.list();
    expect(info).toMatchObject({ status: 'unhealthy', lastError: expect.stringMatching(/^worker dead: .*exit/) });
  });

  it('leave a hung connector behind without delaying the others', async () => {
    const hung = Array.from(
      { length: 5 },
      (_, index) =>
        `  - { id: hung${index}, kind: unreachable, settings: { how: hang }, health_check: { timeout: 1500ms } }\n`,
    );
    const well = Array.from({ length: 5 }, (_, index) => `  - { id: well${index}, kind: echo }\n`);
    await using it = await SandboxHost.open({ yaml: `connectors:\n${[...hung, ...well].join('')}` });
    for (const id of ['well0', 'hung0']) await it.service.healthCheck(id);
    const all = it.service.healthCheckAll();
    const first = await Promise.race([all.then(() => 'all'), it.service.healthCheck('well1').then(() => 'well')]);
    expect(first).toBe('well');
    const reports = Object.values(await all);
    expect(reports.filter(({ status }) => status === 'healthy')).toHaveLength(5);
    expect(reports.filter(({ message }) => message.startsWith('remote unreachable'))).toHaveLength(5);
  });

  it('do not pile up behind connectors that hang, however often all are asked', async () => {
    const hung = Array.from(
      { length: 5 },
      (_, index) =>
        `  - { id: hung${index}, kind: unreachable, settings: { how: hang }, health_check: { timeout: 300ms } }\n`,
    );
    const well = Array.from({ length: 15 }, (_, index) => `  - { id: well${index}, kind: echo }\n`);
    await using it = await SandboxHost.open({ yaml: `connectors:\n${[...hung, ...well].join('')}` });
    await it.service.healthCheckAll();
    const threads = (): number => readdirSync('/proc/self/task').length;
    const before = threads();
    for (let round = 0; round < 10; round += 1) {
      const begun = Date.now();
      const reports = Object.values(await it.service.healthCheckAll());
      expect(reports.filter(({ healthy }) => healthy)).toHaveLength(15);
      expect(Date.now() - begun).toBeLessThan(10_000);
    }
    expect(threads()).toBeLessThanOrEqual(before + 5);
  });
});
