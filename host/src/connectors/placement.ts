import type { ConnectorEntry } from './connector-state.ts';
import type { Registry } from './registry.ts';

/** Which host may run each connector, by the configuration and what is installed here. */
export function placements(registry: Pick<Registry, 'find'>) {
  return {
    isPlaced: (id: string) => isPlaced(registry.find(id)),
    lacksKind: (id: string) => lacksKind(registry.find(id)),
    labelsOf: (id: string) => labelsOf(registry.find(id)),
    kindOf: (id: string) => registry.find(id)?.config.kind,
  };
}

/** Whether one host alone runs a connector, of those that share it. What cannot run is nobody's. */
function isPlaced(entry: ConnectorEntry | undefined): boolean {
  return entry?.state.phase === 'usable' && placementOf(entry) !== 'all';
}

/** The same, of one whose kind this host does not have. */
function lacksKind(entry: ConnectorEntry | undefined): boolean {
  return entry?.state.phase === 'missing' && placementOf(entry) !== 'all';
}

/** Labels that a host must have to run it. */
function labelsOf(entry: ConnectorEntry | undefined): readonly string[] {
  const placement = entry && placementOf(entry);
  return placement === undefined || placement === 'one' || placement === 'all' ? [] : placement.split(',');
}

/** What a plugin declares by itself, such as a logger, is each host's own. */
function placementOf({ config: { placement }, owner }: ConnectorEntry): string {
  return placement ?? (owner === 'plugin' ? 'all' : 'one');
}
