import type { ConnectorEvent, ConnectorInfo } from '../api/types.ts';

type Connectors = ReadonlyMap<string, ConnectorInfo>;

/** Most changes shown at once take as long as one: events of this time are applied together, in milliseconds. */
const TOGETHER_MS = 50;

/**
 * Collects events of one stream. Those until `synced` say what there is, and take the place of all that was; later ones change it.
 *
 * @param apply is given a function from what was to what is
 */
export function createEventBatch(apply: (change: (before: Connectors) => Connectors) => void): {
  add(event: ConnectorEvent): void;
  end(): void;
} {
  let waiting: ConnectorEvent[] = [];
  let isSynced = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    timer = undefined;
    const events = waiting;
    waiting = [];
    apply((before) => applyEvents(before, events));
  };
  return {
    add(event) {
      waiting.push(event);
      if (event.kind === 'synced') {
        isSynced = true;
        const events = waiting;
        waiting = [];
        apply(() => applyEvents(new Map(), events));
      } else if (isSynced) timer ??= setTimeout(flush, TOGETHER_MS);
    },
    end() {
      clearTimeout(timer);
      if (isSynced && waiting.length > 0) flush();
    },
  };
}

function applyEvents(before: Connectors, events: readonly ConnectorEvent[]): Connectors {
  const after = new Map(before);
  for (const event of events) {
    if (event.kind === 'removed') after.delete(event.id);
    else if ('connector' in event) after.set(event.connector.id, event.connector);
  }
  return after;
}
