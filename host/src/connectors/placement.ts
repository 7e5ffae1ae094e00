import type { ConnectorEntry } from './connector-state.ts';

/** Whether one host alone runs a connector, of those that share it. What cannot run is nobody's. */
export function isPlaced(entry: ConnectorEntry | undefined): boolean {
  return entry?.state.phase === 'usable' && placementOf(entry) !== 'all';
}

/** Labels that a host must have to run it. */
export function labelsOf(entry: ConnectorEntry | undefined): readonly string[] {
  const placement = entry && placementOf(entry);
  return placement === undefined || placement === 'one' || placement === 'all' ? [] : placement.split(',');
}

function placementOf({ config: { placement, mode } }: ConnectorEntry): string {
  return placement ?? (mode === 'local' ? 'all' : 'one');
}
