import { describeProblem } from '@automate/contract';
import { parseConnectorConfig } from '@automate/contract/schemas';
import type { ConfiguredConnector } from '../config/host-config.ts';
import { parseRegistered } from '../config/parse-registered.ts';
import type { ConnectorEntry } from '../registry/connector-state.ts';
import type { KindCatalog } from '../registry/kind-catalog.ts';
import type { EntryInput, Registry } from '../registry/registry.ts';
import type { Store } from '../store/store.ts';

export interface PopulateOptions {
  readonly configured: readonly ConfiguredConnector[];
  readonly kinds: KindCatalog;
  readonly store: Store;
  readonly healthIntervalMs: number;
}

export interface Population {
  readonly inputs: readonly EntryInput[];
  /** What was left out, and why. */
  readonly warnings: readonly string[];
}

/**
 * The connectors that there should be: those of the file, those that were registered, and one for each kind that needs
 * no configuration. Ids are unique; the file comes first, since its author can see what it says.
 */
export function planConnectors({ configured, kinds, store, healthIntervalMs }: PopulateOptions): Population {
  const inputs = new Map<string, EntryInput>();
  const warnings: string[] = [];
  for (const { config, written } of configured) inputs.set(config.id, { owner: 'file', config, written });
  for (const { id, config: wire, anyPath } of store.load()) {
    if (inputs.has(id)) {
      warnings.push(
        `the connector "${id}" is registered over the API and also stands in the configuration file, which wins: rename or remove one of them`,
      );
      continue;
    }
    const parsed = parseRegistered(wire, { healthIntervalMs });
    if (parsed.ok) inputs.set(id, { owner: 'api', anyPath, config: parsed.config, written: parsed.written });
    else
      warnings.push(`the registered connector "${id}" is left out: ${parsed.problems.map(describeProblem).join('; ')}`);
  }
  for (const kind of kinds.all()) {
    if (!kind.autoconfigure || inputs.has(kind.name)) continue;
    const wire = { id: kind.name, name: kind.title ?? kind.name };
    const parsed = parseConnectorConfig(wire, { defaults: { healthIntervalMs } });
    if (parsed.ok) inputs.set(kind.name, { owner: 'plugin', config: parsed.config, written: parsed.config });
    else
      warnings.push(
        `the kind "${kind.name}" asks for a connector without configuration, which cannot be made: ${parsed.problems.map(describeProblem).join('; ')}`,
      );
  }
  const remote = [...inputs.values()].flatMap(({ config }) => (config.mode === 'remote' ? [`"${config.id}"`] : []));
  if (remote.length > 0)
    warnings.push(
      `mode: remote of ${remote.join(', ')} is shown and changes nothing: where requests go is said by host, port and scheme`,
    );
  return { inputs: [...inputs.values()], warnings };
}

/** What has to happen to the registry for the plan to hold. */
export interface RegistryChange {
  readonly added: readonly ConnectorEntry[];
  readonly updated: readonly ConnectorEntry[];
  readonly removed: readonly string[];
}

/**
 * Makes the registry hold just the plan. An entry whose configuration and kind are as they were is left alone, so that
 * its worker goes on; `isChanged` may say that one has changed all the same, because a profile it uses has.
 */
export function applyPlan(
  registry: Registry,
  inputs: readonly EntryInput[],
  isChanged: (id: string) => boolean,
): RegistryChange {
  const added: ConnectorEntry[] = [];
  const updated: ConnectorEntry[] = [];
  const wanted = new Set(inputs.map((input) => input.config.id));
  const removed = registry.all().flatMap(({ id }) => (wanted.has(id) ? [] : [id]));
  for (const id of removed) registry.remove(id);
  for (const input of inputs) {
    const before = registry.find(input.config.id);
    const after = registry.replace(input);
    if (before === undefined) added.push(after);
    else if (isChanged(after.id) || !isSame(before, after)) updated.push(after);
    else registry.restore(before);
  }
  return { added, updated, removed };
}

function isSame(a: ConnectorEntry, b: ConnectorEntry): boolean {
  // Kinds are compared as objects: the catalog keeps the old one as long as its code is the same.
  const kindOf = (entry: ConnectorEntry): unknown =>
    entry.state.phase === 'missing' ? entry.state.reason : entry.state.kind;
  return (
    a.owner === b.owner &&
    a.anyPath === b.anyPath &&
    a.state.phase === b.state.phase &&
    kindOf(a) === kindOf(b) &&
    JSON.stringify([a.config, a.written]) === JSON.stringify([b.config, b.written])
  );
}
