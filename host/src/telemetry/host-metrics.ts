import type { Blame, CircuitState, ConnectorStatus, IsolationLevel } from '@automate/contract';
import { CIRCUIT_STATES, CONNECTOR_STATUSES } from '@automate/contract';
import { cleanLabel, OTHER } from './labels.ts';
import type { MetricFamily, Sample } from './metric-family.ts';
import type { SampledConnector } from './sampler.ts';

/** What one connector looks like at the moment of a scrape. */
export interface ConnectorObservation extends SampledConnector {
  readonly kind: string;
  /** Absent where its kind comes from none, or is not installed. */
  readonly package?: { readonly name: string; readonly version: string } | undefined;
  readonly isolation: IsolationLevel;
  readonly status: ConnectorStatus;
  /** Whether it takes no calls, as somebody paused it. */
  readonly paused: boolean;
  /** What its health says, and who must act where it is unhealthy. */
  readonly message: string;
  readonly blame?: Blame | undefined;
  readonly consecutiveFailures: number;
  /** Why it goes on as it was, where a change of it is held back. */
  readonly heldBack?: string | undefined;
  /** Calls that wait for a place. */
  readonly queued: number;
  readonly inFlight: number;
  /** Heap and buffers of its thread; 0 without one. */
  readonly memoryBytes: number;
  /** What it may have of that. */
  readonly memoryLimitBytes: number;
  /** Share of the last moment in which its event loop was busy, 0 to 1. */
  readonly utilization: number;
  /** When its worker started, in milliseconds since the epoch; absent while none of its own runs. */
  readonly startedAt?: number | undefined;
  /** How often its worker died or was killed. */
  readonly crashes: number;
  /** Starts of its thread, the first included. */
  readonly starts: number;
  /** Whether it waits for its turn to start. */
  readonly startQueued: boolean;
  /** Threads of its former lives that do not end. */
  readonly abandonedThreads: number;
  /** Calls that are refused, as they ended its worker. */
  readonly poisonousCalls: number;
  readonly droppedLogLines: number;
  readonly droppedMessages: number;
  /** Absent where it has none. */
  readonly circuit?: { readonly state: CircuitState; readonly opened: number } | undefined;
  /** Absent where it has no limits of rate. */
  readonly rates?: { readonly queued: number; readonly refused: number } | undefined;
}

/** What the host looks like at the moment of a scrape. */
export interface HostObservation {
  readonly connectors: Iterable<ConnectorObservation>;
  /** Threads that were given up and do not end, also those of connectors that are gone. */
  readonly abandonedThreads: number;
  /** Until when the certificate of the ports is valid, and whether the files are what serves; absent: no TLS. */
  readonly tls?: { readonly expires: Date; readonly usable: boolean } | undefined;
  /** Absent where no audit is kept. */
  readonly audit?: AuditObservation | undefined;
}

/** How the audit is. */
export interface AuditObservation {
  readonly recorded: number;
  readonly dropped: number;
  readonly waiting: number;
  readonly lagMs: number;
  readonly failing: boolean;
}

/** Pairs of connector and word that get a series of their own. */
const MAX_SERIES = 20_000;

/** Counts what happens to connectors between calls, and shows how they are at the moment of a scrape. */
export class HostMetrics {
  readonly #crashes = new Map<string, Sample>();
  readonly #probes = new Map<string, Sample>();
  readonly #webhooks = new Map<string, Sample>();
  #observe: () => HostObservation = () => ({ connectors: [], abandonedThreads: 0 });

  recordCrash(connector: string, reason: string): void {
    count(this.#crashes, { connector: cleanLabel(connector), reason: cleanLabel(reason) });
  }

  recordHealthCheck(connector: string, status: ConnectorStatus): void {
    count(this.#probes, { connector: cleanLabel(connector), status });
  }

  /** @param connector absent: one that there is not */
  recordWebhook(connector: string | undefined, outcome: string): void {
    count(this.#webhooks, { connector: cleanLabel(connector ?? OTHER), outcome });
  }

  observe(read: () => HostObservation): void {
    this.#observe = read;
  }

  /** How the connectors are now. */
  connectors(): Iterable<ConnectorObservation> {
    return this.#observe().connectors;
  }

  /** Drops the series of a connector that is gone. */
  forget(connector: string): void {
    for (const series of [this.#crashes, this.#probes, this.#webhooks]) {
      for (const [key, { labels }] of series) {
        if (labels['connector'] === connector) series.delete(key);
      }
    }
  }

  families(): readonly MetricFamily[] {
    const { connectors, abandonedThreads: abandoned, tls, audit } = this.#observe();
    const now = [...connectors];
    const per = (read: (connector: ConnectorObservation) => number): Sample[] =>
      now.map((connector) => ({ labels: { connector: connector.id }, value: read(connector) }));
    return [
      {
        kind: 'gauge',
        name: 'automate_connector_health',
        help: 'What the last probe found: 1 for the status that applies, 0 for the others',
        samples: now.flatMap(({ id, status }) =>
          CONNECTOR_STATUSES.map((word) => ({
            labels: { connector: id, status: word },
            value: word === status ? 1 : 0,
          })),
        ),
      },
      {
        ...gauge('automate_connector_held_back', 'Connectors that go on as they were, as a change of them failed'),
        samples: per(({ heldBack }) => (heldBack === undefined ? 0 : 1)),
      },
      {
        ...gauge('automate_connector_paused', 'Connectors that take no calls, as somebody paused them'),
        samples: per(({ paused }) => (paused ? 1 : 0)),
      },
      {
        ...gauge(
          'automate_circuit_state',
          'Where a circuit is configured: 1 for the state that applies, 0 for the others',
        ),
        samples: now.flatMap(({ id, circuit }) =>
          circuit === undefined
            ? []
            : CIRCUIT_STATES.map((state) => ({
                labels: { connector: id, state },
                value: state === circuit.state ? 1 : 0,
              })),
        ),
      },
      {
        ...counter('automate_circuit_opened_total', 'How often a circuit opened'),
        samples: now.flatMap(({ id, circuit }) =>
          circuit === undefined ? [] : [{ labels: { connector: id }, value: circuit.opened }],
        ),
      },
      {
        ...gauge('automate_rate_queue_length', 'Calls that wait for their turn by a limit of rate'),
        samples: now.flatMap(({ id, rates }) =>
          rates === undefined ? [] : [{ labels: { connector: id }, value: rates.queued }],
        ),
      },
      {
        ...counter(
          'automate_rate_limited_total',
          'Calls refused, as their turn by a limit of rate would have come too late',
        ),
        samples: now.flatMap(({ id, rates }) =>
          rates === undefined ? [] : [{ labels: { connector: id }, value: rates.refused }],
        ),
      },
      { ...counter('automate_health_checks_total', 'Probes that ended'), samples: [...this.#probes.values()] },
      {
        ...counter('automate_webhooks_total', 'Webhooks that came, by what became of them'),
        samples: [...this.#webhooks.values()],
      },
      {
        ...gauge('automate_queue_length', 'Calls that wait for a place, or for their turn by a limit of rate'),
        samples: per(({ queued }) => queued),
      },
      { ...gauge('automate_in_flight', 'Calls under way'), samples: per(({ inFlight }) => inFlight) },
      {
        ...gauge('automate_worker_start_queued', 'Workers that wait for their turn to start'),
        samples: per(({ startQueued }) => (startQueued ? 1 : 0)),
      },
      {
        ...counter('automate_worker_restarts_total', 'Starts of a worker after its first'),
        samples: per(({ starts }) => Math.max(0, starts - 1)),
      },
      {
        ...counter('automate_worker_crashes_total', 'Workers that died or were killed'),
        samples: [...this.#crashes.values()],
      },
      {
        ...gauge('automate_worker_memory_bytes', 'Heap and buffers of a worker'),
        samples: per(({ memoryBytes }) => memoryBytes),
      },
      {
        ...gauge('automate_worker_abandoned_threads', 'Threads that were given up and do not end'),
        samples: per(({ abandonedThreads }) => abandonedThreads),
      },
      {
        ...gauge('automate_abandoned_threads', 'The same in the whole host, also of removed connectors'),
        samples: [{ labels: {}, value: abandoned }],
      },
      ...(tls === undefined ? [] : tlsFamilies(tls)),
      ...(audit === undefined ? [] : auditFamilies(audit)),
      {
        ...gauge('automate_worker_poisonous_calls', 'Calls that are refused, as they ended the worker'),
        samples: per(({ poisonousCalls }) => poisonousCalls),
      },
      {
        ...counter('automate_worker_dropped_log_lines_total', 'Log lines dropped because a connector wrote too many'),
        samples: per(({ droppedLogLines }) => droppedLogLines),
      },
      {
        ...counter('automate_worker_dropped_messages_total', 'Messages from a worker that broke the protocol'),
        samples: per(({ droppedMessages }) => droppedMessages),
      },
    ];
  }
}

/** Of what there is one of in a host. */
function one(value: number): Sample[] {
  return [{ labels: {}, value }];
}

function auditFamilies({ recorded, dropped, waiting, lagMs, failing }: AuditObservation): readonly MetricFamily[] {
  return [
    { ...counter('automate_audit_records_total', 'Records of the audit that were written'), samples: one(recorded) },
    {
      ...counter(
        'automate_audit_dropped_total',
        'Records of calls that were dropped, as the audit could not be written',
      ),
      samples: one(dropped),
    },
    { ...gauge('automate_audit_waiting', 'Records that wait to be written'), samples: one(waiting) },
    {
      ...gauge('automate_audit_lag_seconds', 'How long the record that waits longest has waited'),
      samples: one(lagMs / 1000),
    },
    {
      ...gauge('automate_audit_failing', '1 while the audit cannot be written and changes are refused'),
      samples: one(failing ? 1 : 0),
    },
  ];
}

function gauge(name: string, help: string) {
  return { kind: 'gauge', name, help } as const;
}

function counter(name: string, help: string) {
  return { kind: 'counter', name, help } as const;
}

function count(series: Map<string, Sample>, labels: Record<string, string>): void {
  const key = JSON.stringify(labels);
  const present = series.get(key);
  if (present === undefined && series.size >= MAX_SERIES) {
    if (labels['connector'] !== OTHER) count(series, { ...labels, connector: OTHER });
    return;
  }
  series.set(key, { labels, value: (present?.value ?? 0) + 1 });
}

function tlsFamilies({ expires, usable }: NonNullable<HostObservation['tls']>): readonly MetricFamily[] {
  return [
    {
      ...gauge(
        'automate_tls_certificate_expires_seconds',
        'When the certificate expires that serves, as a time of Unix',
      ),
      samples: one(Math.floor(expires.getTime() / 1000)),
    },
    {
      ...gauge('automate_tls_files_usable', 'Whether the files of TLS serve; 0: what was read before does'),
      samples: one(usable ? 1 : 0),
    },
  ];
}
