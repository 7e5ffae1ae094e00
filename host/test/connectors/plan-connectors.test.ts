import { expect, it } from '@jest/globals';
import {
  DEFAULT_ACCESS,
  DEFAULT_EXECUTIONS,
  DEFAULT_MCP,
  DEFAULT_NETWORK,
  DEFAULT_PLUGINS,
} from '../../src/config/host-config.ts';
import { planConnectors } from '../../src/connectors/plan-connectors.ts';
import type { Kind } from '../../src/plugins/kind-catalog.ts';
import { KindCatalog } from '../../src/plugins/kind-catalog.ts';

const kind = (name: string, more: Partial<Kind>): Kind => ({
  name,
  type: 'custom',
  autoconfigure: false,
  isolation: { fallback: 'thread', minimum: 'thread' },
  permissions: [],
  source: { via: 'entry', entryUrl: `file:///${name}.js` },
  ...more,
});
const KINDS = [
  kind('plain', {}),
  kind('titled', { autoconfigure: true, title: 'The Title' }),
  kind('untitled', { autoconfigure: true }),
];

it('connectors that stand in no file have the default health interval, and the name that their kind gives them', () => {
  const { entries } = planConnectors({
    config: {
      connectors: [],
      listsConnectors: false,
      plugins: DEFAULT_PLUGINS,
      fileRoots: [],
      network: DEFAULT_NETWORK,
      access: DEFAULT_ACCESS,
      mcp: DEFAULT_MCP,
      executions: DEFAULT_EXECUTIONS,
      profiles: new Map(),
      secretVariables: [],
    },
    setProfiles: new Map(),
    overlays: new Map(),
    kinds: KINDS.reduce((all, each) => all.withRegistered(each), new KindCatalog()),
    stored: [
      {
        id: 'stored',
        config: { id: 'stored', kind: 'plain' },
        anyPath: false,
        anyAddress: false,
        sealed: true,
        updatedAt: '',
      },
    ],
    healthIntervalMs: 12_345,
  });
  const shown = [...entries.values()].map(({ owner, config: { name, healthCheck } }) => [
    owner,
    name,
    healthCheck.intervalMs,
  ]);
  expect(shown).toEqual([
    ['api', 'stored', 12_345],
    ['plugin', 'The Title', 12_345],
    ['plugin', 'untitled', 12_345],
  ]);
});
