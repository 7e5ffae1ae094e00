import type { ConnectorEntry } from './connector-state.ts';

/** Whether one host alone runs a connector, of those that share it. What cannot run is nobody's. */
export function isPlaced(entry: ConnectorEntry | undefined): boolean {
  return entry?.state.phase === 'usable' && placementOf(entry) !== 'all';
}

/** The same, of one whose kind this host does not have. */
export function lacksKind(entry: ConnectorEntry | undefined): boolean {
  return entry?.state.phase === 'missing' && placementOf(entry) !== 'all';
}

/** Labels that a host must have to run it. */
export function labelsOf(entry: ConnectorEntry | undefined): readonly string[] {
  const placement = entry && placementOf(entry);
  return placement === undefined || placement === 'one' || placement === 'all' ? [] : placement.split(',');
}

/** What a plugin declares by itself, such as a logger, is each host's own. */
function placementOf({ config: { placement }, owner }: ConnectorEntry): string {
  return placement ?? (owner === 'plugin' ? 'all' : 'one');
}
