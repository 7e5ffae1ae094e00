import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from '@jest/globals';
import { PluginSandbox } from '@automate/testing';
import type { ConnectorEntry } from '../../src/connectors/connector-state.ts';
import { DEFAULT_NETWORK } from '../../dist/config/host-config.js';
import { createConnectorRuntime } from '../../src/connectors/connector-runtime.ts';
import { createNetworkPolicies } from '../../dist/connectors/network-policies.js';
import type { Kind } from '../../src/plugins/kind-catalog.ts';
import { hashInstalled } from '../../src/plugins/discovery/hash-manifest.ts';
import { Snapshots } from '../../src/plugins/snapshots/snapshots.ts';
import { adapter } from '../fixtures/telling-host.ts';
import { configOf, fixtureUrl, openBench, until } from '../runtime/support.ts';

const KIND: Kind = {
  name: 'echo',
  type: 'custom',
  autoconfigure: false,
  isolation: { fallback: 'thread', minimum: 'thread' },
  permissions: [],
  source: { via: 'entry', entryUrl: fixtureUrl('echo') },
};

const ANYWHERE = createNetworkPolicies({
  own: { places: [], sockets: [] },
  closed: [],
  environment: {},
  signInRequired: () => false,
  config: () => DEFAULT_NETWORK,
});

function entryOf(id: string, enabled: boolean): ConnectorEntry {
  const config = { ...configOf(id), kind: 'echo', healthCheck: { enabled, intervalMs: 30_000, timeoutMs: 5_000 } };
  const state = { phase: 'usable', kind: KIND } as const;
  return {
    id,
    owner: 'api',
    anyPath: false,
    anyAddress: false,
    config,
    written: config,
    state,
    profile: undefined,
    fileRoots: [],
    network: DEFAULT_NETWORK,
    overlay: undefined,
  };
}

it('an idle worker stops where nothing checks its health, and starts again for the next who wants it', async () => {
  await using bench = await openBench();
  const { createWorker } = createConnectorRuntime({
    runtime: bench.runtime,
    // Of packages; this kind is of none.
    snapshots: new Snapshots({ dataDir: tmpdir(), owned: false, lock: () => undefined, warn: () => undefined }),
    closed: [],
    network: ANYWHERE,
    environment: {},
    base: '/',
    hostVersion: '1.0.0',
    idleStopMs: 100,
    resolve: async ({ config }) => ({ config, settings: {} }),
    warn: () => undefined,
    learnSettings: () => undefined,
  });
  const soon = () => ({ deadline: Date.now() + 60_000 });
  // It is idle before the other one is, and for longer.
  const checked = createWorker(entryOf('checked', true), KIND);
  const unchecked = createWorker(entryOf('unchecked', false), KIND);
  await checked.ensure('ready', soon());
  for (const starts of [1, 2]) {
    await unchecked.ensure('ready', soon());
    expect(unchecked.stats().starts).toBe(starts);
    await until('the idle worker has stopped', () => unchecked.state().phase === 'idle');
  }
  expect(checked.state()).toMatchObject({ phase: 'running', level: 'ready' });
  expect(checked.stats().starts).toBe(1);
});

it('an idle worker of a package starts again from what was admitted', async () => {
  await using bench = await openBench();
  await using sandbox = await PluginSandbox.create();
  const release = (word: string): Promise<string> =>
    sandbox.addConnector({ kind: 'telling', source: adapter(`tell: act(() => '${word}')`) });
  const packageDir = await release('old');
  const { createWorker } = createConnectorRuntime({
    runtime: bench.runtime,
    snapshots: new Snapshots({ dataDir: join(sandbox.root, 'data'), owned: true, lock: () => undefined, warn: fail }),
    closed: [],
    network: ANYWHERE,
    environment: {},
    base: '/',
    hostVersion: '1.0.0',
    idleStopMs: 100,
    resolve: async ({ config }) => ({ config, settings: {} }),
    warn: () => undefined,
    learnSettings: () => undefined,
  });
  const kind: Kind = {
    ...KIND,
    name: 'telling',
    source: {
      via: 'package',
      packageName: 'connector-telling',
      packageVersion: '1.0.0',
      packageDir,
      manifestHash: hashInstalled(packageDir) ?? '',
      entryUrl: pathToFileURL(join(packageDir, 'adapter.js')).href,
    },
  };
  const worker = createWorker(entryOf('one', false), kind);
  for (const starts of [1, 2]) {
    const deadline = Date.now() + 60_000;
    await worker.ensure('ready', { deadline });
    const told = await worker.call({ op: 'execute', action: 'tell', payload: '{}', deadline });
    expect([worker.stats().starts, told]).toEqual([starts, { ok: true, value: '"old"' }]);
    await release('new');
    await until('the idle worker has stopped', () => worker.state().phase === 'idle');
  }
});

function fail(message: string): never {
  throw new Error(message);
}
