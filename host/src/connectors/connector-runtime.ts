import { pathToFileURL } from 'node:url';
import type { ConnectorDescription, JsonObject } from '@automate/contract';
import { ConfigInvalidError, describeProblem, UnavailableError } from '@automate/contract';
import type { ConnectorEntry } from './connector-state.ts';
import type { HostEvents } from '../events/host-events.ts';
import type { OpenedHostLog } from '../log/host-log.ts';
import { recordFields } from '../log/record-fields.ts';
import { hashInstalled } from '../plugins/discovery/hash-manifest.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import type * as Inline from '../runtime/inline-worker.ts';
import type {
  ConfigCheck,
  ConnectorWorker,
  Runtime,
  SecretFilter,
  WorkerConfig,
  WorkerEvents,
  WorkerSpec,
} from '../runtime/runtime.ts';
import type { Inspection } from './descriptions.ts';
import { RenewableWorker } from './renewable-worker.ts';
import { checkHealthPath } from './registrations.ts';

export interface ConnectorRuntimeOptions {
  readonly runtime: Runtime;
  readonly events: WorkerEvents;
  readonly hostVersion: string;
  /** Milliseconds without a call after which a worker without health checks stops. */
  readonly idleStopMs: number;
  /** Resolves references; rejects with a ConnectorError that names the field. */
  resolve(entry: ConnectorEntry, description: ConnectorDescription): Promise<WorkerConfig>;
  /** What every text of a connector passes. */
  readonly secrets: SecretFilter;
  /** Makes known which of the settings that are about to be checked are secret. */
  learnSettings(settings: JsonObject, description: ConnectorDescription): void;
}

/** Makes workers for the registry's entries, at the isolation that their kind's source allows. */
export interface ConnectorRuntime {
  /** Loads what kinds of this source need, before the first of them is there. */
  prepare(kind: Kind): Promise<void>;
  createWorker(entry: ConnectorEntry, kind: Kind): RenewableWorker;
  inspect(kind: Kind, check?: ConfigCheck): Promise<Inspection>;
}

export function createConnectorRuntime(options: ConnectorRuntimeOptions): ConnectorRuntime {
  const { runtime, events, hostVersion, idleStopMs, secrets } = options;
  let inline: typeof Inline | undefined;
  return {
    async prepare(kind) {
      // It drags the SDK into this thread, so that it is loaded only where a class is registered.
      if (kind.source.via === 'class') inline ??= await import('../runtime/inline-worker.ts');
    },
    createWorker(entry, kind) {
      const { limits, healthCheck } = entry.config;
      const spec = {
        id: entry.id,
        ...codeOf(kind, hostVersion),
        beforeStart: () => requireAdmitted(kind, entry.id),
        startTimeoutMs: limits.startTimeoutMs,
        memoryMb: limits.memoryMb,
        // A health loop would start it again at once.
        ...(healthCheck.enabled ? undefined : { idleStopMs }),
      };
      const { source } = kind;
      const make = (resolveConfig: WorkerSpec['resolveConfig']): ConnectorWorker =>
        source.via === 'class'
          ? requireInline(inline).createInlineWorker({
              spec: { ...spec, resolveConfig },
              adapterClass: source.adapterClass,
              events,
              secrets,
            })
          : runtime.create({ ...spec, resolveConfig });
      return new RenewableWorker(make, async (description) => {
        requireRunnable(entry);
        return options.resolve(entry, description);
      });
    },
    async inspect(kind, check) {
      const spec = {
        ...codeOf(kind, hostVersion),
        startTimeoutMs: INSPECT_TIMEOUT_MS,
        memoryMb: INSPECT_MEMORY_MB,
        ...(check === undefined
          ? undefined
          : {
              check,
              onDescribed: (description: ConnectorDescription) => options.learnSettings(check.settings, description),
            }),
      };
      if (kind.source.via !== 'class') return runtime.inspect(spec);
      return requireInline(inline).inspectInline({ spec, adapterClass: kind.source.adapterClass, secrets });
    },
  };
}

/** Tells the news of workers; a record whose fate its writer wants to know goes straight to the log. */
export function tellWorkerNews(events: HostEvents, log: Pick<OpenedHostLog, 'write'>): WorkerEvents {
  return {
    onLog: (record) => void events.emit('log', record),
    onRecord: (record) => log.write(record.level, recordFields(record), record.message),
    onState: (id) => void events.emit('status', id),
    onCrash: (id, error) => void events.emit('crash', id, error),
  };
}

function requireInline(inline: typeof Inline | undefined): typeof Inline {
  if (inline === undefined) throw new Error('a class was registered and the host was composed without what runs it');
  return inline;
}

const INSPECT_TIMEOUT_MS = 10_000;
const INSPECT_MEMORY_MB = 128;

/** Problems of a stored or configured connector that only show together with its kind. */
function requireRunnable(entry: ConnectorEntry): void {
  const problems = checkHealthPath(entry.config);
  if (problems.length === 0) return;
  throw new ConfigInvalidError(
    `the connector "${entry.id}" cannot start: ${problems.map(describeProblem).join('; ')}`,
    {
      connector: entry.id,
      problems,
    },
  );
}

/** Installers replace packages in place: what was never admitted is not run under the name of what was. */
function requireAdmitted({ source }: Kind, connector: string): void {
  if (source.via !== 'package') return;
  const { packageName, packageVersion, packageDir, manifestHash } = source;
  const installed = hashInstalled(packageDir);
  if (installed === manifestHash) return;
  const what = installed === undefined ? 'is gone' : 'is another by now';
  throw new UnavailableError(
    `connector "${connector}" does not start: the package ${packageName} that was admitted, version ${packageVersion}, ${what}; scan again with "automate plugins check"`,
    { connector, retryable: false, blame: 'operator', details: { reason: 'package_replaced' } },
  );
}

function codeOf(
  kind: Kind,
  hostVersion: string,
): Pick<WorkerSpec, 'kind' | 'type' | 'packageName' | 'packageVersion' | 'entryUrl'> {
  switch (kind.source.via) {
    case 'package': {
      const { packageName, packageVersion, entryUrl } = kind.source;
      return { kind: kind.name, type: kind.type, packageName, packageVersion, entryUrl };
    }
    case 'entry':
      return {
        kind: kind.name,
        type: kind.type,
        packageName: '(registered)',
        packageVersion: hostVersion,
        entryUrl: kind.source.entryUrl,
      };
    case 'class':
      return {
        kind: kind.name,
        type: kind.type,
        packageName: '(registered)',
        packageVersion: hostVersion,
        entryUrl: pathToFileURL('/').href,
      };
    default:
      return kind.source satisfies never;
  }
}
