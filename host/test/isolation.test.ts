import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@automate/sdk';
import { SandboxHost } from './fixtures/sandbox-host.ts';

const SOURCE = `
import { isMainThread } from 'node:worker_threads';
import { ConnectorAdapter } from '@automate/sdk';
export default class PlaceAdapter extends ConnectorAdapter {
  name = 'place';
  version = '1.0.0';
  async connect() { return true; }
  async execute(action) {
    if (action === 'exhaust') { const map = new Map(); for (let n = 0; ; n += 1) map.set(n, { n }); }
    return { pid: process.pid, isMainThread };
  }
}
`;

function openPlaces(yaml: string, manifest: JsonObject = {}): Promise<SandboxHost> {
  return SandboxHost.open({
    serve: false,
    kinds: [],
    yaml,
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'place', source: SOURCE, manifest })),
  });
}

/** Where a connector runs, by what it says itself and by what the host shows. */
async function placeOf(it: SandboxHost, id: string): Promise<unknown> {
  const { result } = await it.service.execute({ id, action: 'where', payload: {} });
  const { pid, isMainThread } = result as { readonly pid: number; readonly isMainThread: boolean };
  const { connector } = await it.service.get(id);
  return {
    shown: connector.isolation,
    real: pid === process.pid && !isMainThread ? 'thread' : isMainThread ? 'process' : '',
  };
}

const IN_THREAD = { shown: 'thread', real: 'thread' };
const IN_PROCESS = { shown: 'process', real: 'process' };

describe('the level of a connector', () => {
  it('is its own word, else its kind’s, else that of plugins.isolation, else thread', async () => {
    const connectors = 'connectors:\n  - { id: silent, kind: place }\n  - { id: own, kind: place, isolation: ';
    await using plain = await openPlaces(`${connectors}process }\n`);
    expect([await placeOf(plain, 'silent'), await placeOf(plain, 'own')]).toEqual([IN_THREAD, IN_PROCESS]);
    await using general = await openPlaces(`plugins: { isolation: process }\n${connectors}thread }\n`);
    expect([await placeOf(general, 'silent'), await placeOf(general, 'own')]).toEqual([IN_PROCESS, IN_THREAD]);
    await using recommended = await openPlaces(`plugins: { isolation: thread }\n${connectors}thread }\n`, {
      recommendedIsolation: 'process',
    });
    expect([await placeOf(recommended, 'silent'), await placeOf(recommended, 'own')]).toEqual([IN_PROCESS, IN_THREAD]);
  });

  it('is raised by plugins.minimum_isolation, below which nobody may ask', async () => {
    await using it = await openPlaces(
      'plugins: { minimum_isolation: { "connector-*": process, "other-*": thread } }\n' +
        'connectors:\n  - { id: silent, kind: place }\n  - { id: weak, kind: place, isolation: thread }\n',
    );
    // Before anything of its kind is loaded.
    expect(await it.service.list()).toMatchObject([
      { id: 'silent', isolation: 'process', status: 'unknown' },
      {
        id: 'weak',
        isolation: 'process',
        status: 'unhealthy',
        lastError: expect.stringMatching(
          /^configuration invalid: .*"process", which plugins.minimum_isolation asks for/,
        ),
      },
    ]);
    expect(await placeOf(it, 'silent')).toEqual(IN_PROCESS);
    const refused = {
      problems: [
        {
          path: 'isolation',
          expected: 'at least "process", which plugins.minimum_isolation asks for',
          received: '"thread"',
        },
      ],
    };
    await expect(it.service.execute({ id: 'weak', action: 'where', payload: {} })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      ...refused,
    });
    await expect(it.service.register({ id: 'new', kind: 'place', isolation: 'thread' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      ...refused,
    });
    await it.service.register({ id: 'strong', kind: 'place', isolation: 'process' });
    expect(await placeOf(it, 'strong')).toEqual(IN_PROCESS);
  });

  it('changes with the file, for the connector or for all', async () => {
    const yaml = (plugins: string, own: string): string =>
      `plugins: ${plugins}\nconnectors: [{ id: a, kind: place${own} }]\n`;
    await using it = await openPlaces(yaml('{}', ''));
    expect(await placeOf(it, 'a')).toEqual(IN_THREAD);
    await it.writeConfig(yaml('{}', ', isolation: process'));
    await it.host.reload();
    expect(await placeOf(it, 'a')).toEqual(IN_PROCESS);
    await it.writeConfig(yaml('{}', ''));
    await it.host.reload();
    expect(await placeOf(it, 'a')).toEqual(IN_THREAD);
    await it.writeConfig(yaml('{ isolation: process }', ''));
    await it.host.reload();
    expect(await placeOf(it, 'a')).toEqual(IN_PROCESS);
  });

  it('cannot be chosen for a class, which stays where it was made', async () => {
    const { ConnectorAdapter } = await import('@automate/sdk');
    class InlineAdapter extends ConnectorAdapter {
      readonly name = 'inline_kind';
      readonly version = '1.0.0';
      async connect(): Promise<boolean> {
        return true;
      }
    }
    const kinds = [{ kind: 'inline_kind', adapter: InlineAdapter }];
    await using it = await SandboxHost.open({ serve: false, kinds: [], register: kinds });
    await expect(it.service.register({ id: 'a', kind: 'inline_kind', isolation: 'process' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'isolation', received: '"process"' }],
    });
  });
});

it('a connector that fills its heap in one go takes nothing else along where it has a process', async () => {
  await using it = await openPlaces(
    'connectors:\n  - { id: greedy, kind: place, isolation: process, limits: { memory_mb: 64 } }\n  - { id: beside, kind: place }\n',
  );
  await placeOf(it, 'beside');
  await expect(it.service.execute({ id: 'greedy', action: 'exhaust', payload: {} })).rejects.toMatchObject({
    code: 'WORKER_LOST',
    details: { reason: expect.stringMatching(/^(out_of_memory|memory_exceeded)$/) },
  });
  expect(await placeOf(it, 'beside')).toEqual(IN_THREAD);
  expect(await placeOf(it, 'greedy')).toEqual(IN_PROCESS);
});
