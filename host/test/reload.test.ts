import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { ConnectorEvent } from '@automate/contract';
import { SandboxHost } from './fixtures/sandbox-host.ts';

const two = (greeting: string, extra = ''): string => `
connectors:
  - { id: kept, kind: echo }
  - { id: changing, kind: echo, settings: { greeting: ${greeting} } }
${extra}`;

async function greet(it: SandboxHost, id = 'changing'): Promise<unknown> {
  const { result } = await it.service.execute({ id, action: 'say', payload: { text: 'x' } });
  return (result as { greeting: string }).greeting;
}

async function counted(it: SandboxHost, id: string): Promise<unknown> {
  const { result } = await it.service.execute({ id, action: 'count', payload: {} });
  return (result as { count: number }).count;
}

describe('reading the configuration again', () => {
  it('restarts only what changed, adds what is new and removes what is gone', async () => {
    await using it = await SandboxHost.open({ yaml: two('hi', '  - { id: going, kind: echo }') });
    expect([await counted(it, 'kept'), await counted(it, 'kept'), await greet(it)]).toEqual([1, 2, 'hi']);
    await it.writeConfig(two('salut', '  - { id: coming, kind: echo }'));
    await expect(it.host.reload()).resolves.toEqual({
      ok: true,
      added: ['coming'],
      updated: ['changing'],
      removed: ['going'],
      heldBack: [],
      reachOnly: [],
    });
    // The worker of the unchanged connector still has its count.
    expect([await counted(it, 'kept'), await greet(it), await greet(it, 'coming')]).toEqual([3, 'salut', 'hello']);
    await expect(greet(it, 'going')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('leaves everything as it was when the file is broken, and says where it is', async () => {
    await using it = await SandboxHost.open({ yaml: two('hi') });
    await it.writeConfig(two('salut', '  - { id: bad, kind: echo, port: 99999, colour: red }'));
    const result = await it.host.reload();
    expect(result).toMatchObject({ ok: false });
    const problems = result.ok ? [] : result.problems;
    expect(problems.map(({ path, line }) => [path, line])).toEqual([
      ['connectors[2].port', 5],
      ['connectors[2].colour', 5],
    ]);
    expect(await greet(it)).toBe('hi');
    expect(it.logText).toContain('everything stays as it was');
  });

  it('says in the log what it did and what should be looked at', async () => {
    await using it = await SandboxHost.open({ serve: false, kinds: ['echo'], yaml: two('hi') });
    await it.writeConfig(two('salut', '  - { id: coming, kind: echo, mode: remote }'));
    await it.host.reload();
    const lines = it.logText.split('\n').filter((line) => /configuration was read again|mode: remote/.test(line));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'warn', msg: expect.stringMatching(/^mode: remote of "coming"/) },
      { level: 'info', added: ['coming'], updated: ['changing'], removed: [], heldBack: [] },
    ]);
  });

  it('looks for packages again where the file says otherwise which are taken', async () => {
    await using it = await SandboxHost.open({ serve: false, kinds: ['echo'], yaml: two('hi') });
    expect(await greet(it)).toBe('hi');
    await it.writeConfig(`plugins: { deny: [connector-echo] }\n${two('hi')}`);
    await it.host.reload();
    await expect(greet(it)).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(/deny/) });
    await it.writeConfig(two('hi'));
    await it.host.reload();
    expect(await greet(it)).toBe('hi');
  });

  it('is refused by a host that has closed', async () => {
    await using it = await SandboxHost.open({ serve: false, yaml: two('hi') });
    await it.host.close();
    await expect(it.host.reload()).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'closed' } });
  });

  it('happens by itself when the file changes', async () => {
    await using it = await SandboxHost.open({ yaml: two('hi') });
    expect(await greet(it)).toBe('hi');
    await it.writeConfig(two('ciao'));
    while ((await greet(it)) !== 'ciao') await delay(50);
  });

  it('lets calls in flight end on the worker that they began on', async () => {
    await using it = await SandboxHost.open({ yaml: two('hi') });
    const gate = join(it.sandbox.root, 'gate');
    const call = it.service.execute({ id: 'changing', action: 'wait', payload: { gate } });
    // It travels behind the other.
    expect(await greet(it)).toBe('hi');
    await it.writeConfig(two('salut'));
    await it.host.reload();
    expect(await greet(it)).toBe('salut');
    await writeFile(gate, '');
    await expect(call).resolves.toMatchObject({ result: { waited: 60_000 } });
  });

  it('restarts the connectors whose profile changed', async () => {
    const yaml = (greeting: string): string => `
connectors:
  - { id: shared, kind: echo, profile: common }
profiles:
  common: { kind: echo, settings: { greeting: ${greeting} } }
`;
    await using it = await SandboxHost.open({ yaml: yaml('hi') });
    expect(await greet(it, 'shared')).toBe('hi');
    await it.writeConfig(yaml('hola'));
    await expect(it.host.reload()).resolves.toMatchObject({ ok: true, updated: ['shared'] });
    expect(await greet(it, 'shared')).toBe('hola');
  });

  it('tells watchers of every change', async () => {
    await using it = await SandboxHost.open({ yaml: two('hi') });
    const leaving = new AbortController();
    const seen: ConnectorEvent[] = [];
    const watching = (async () => {
      for await (const event of it.service.watch({ signal: leaving.signal })) seen.push(event);
    })();
    const told = () => seen.map((event) => [event.kind, 'connector' in event ? event.connector.id : '']);
    while (!told().some(([kind]) => kind === 'synced')) await delay(5);
    await it.writeConfig(two('salut', '  - { id: coming, kind: echo }'));
    await it.host.reload();
    await it.service.healthCheck('coming');
    while (!told().some(([kind, id]) => kind === 'status' && id === 'coming')) await delay(5);
    leaving.abort();
    await watching;
    expect(
      told()
        .slice(0, 3)
        .map(([kind]) => kind),
    ).toEqual(['added', 'added', 'synced']);
    expect(told()).toContainEqual(['updated', 'changing']);
    expect(told()).toContainEqual(['added', 'coming']);
  });
});
