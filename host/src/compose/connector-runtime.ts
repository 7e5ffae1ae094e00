import { pathToFileURL } from 'node:url';
import type { ConnectorDescription, JsonObject } from '@automate/contract';
import { ConfigInvalidError, describeProblem } from '@automate/contract';
import type { ConnectorEntry } from '../registry/connector-state.ts';
import type { Kind } from '../registry/kind-catalog.ts';
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
import type { Inspection } from '../service/descriptions.ts';
import { checkHealthPath } from '../service/registrations.ts';

export interface ConnectorRuntimeOptions {
  readonly runtime: Runtime;
  readonly events: WorkerEvents;
  readonly hostVersion: string;
  /** What runs adapter classes in this thread; there only once such are registered. */
  inline(): typeof Inline | undefined;
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
export function createConnectorRuntime(options: ConnectorRuntimeOptions): {
  createWorker(entry: ConnectorEntry, kind: Kind): ConnectorWorker;
  inspect(kind: Kind, check?: ConfigCheck): Promise<Inspection>;
} {
  const { runtime, events, hostVersion, idleStopMs, secrets } = options;
  return {
    createWorker(entry, kind) {
      const { limits, healthCheck } = entry.config;
      const spec: WorkerSpec = {
        id: entry.id,
        ...codeOf(kind, hostVersion),
        resolveConfig: (description) => {
          requireRunnable(entry);
          return options.resolve(entry, description);
        },
        startTimeoutMs: limits.startTimeoutMs,
        memoryMb: limits.memoryMb,
        // A health loop would start it again at once.
        ...(healthCheck.enabled ? undefined : { idleStopMs }),
      };
      return kind.source.via === 'class'
        ? requireInline(options.inline()).createInlineWorker({
            spec,
            adapterClass: kind.source.adapterClass,
            events,
            secrets,
          })
        : runtime.create(spec);
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
      return requireInline(options.inline()).inspectInline({ spec, adapterClass: kind.source.adapterClass, secrets });
    },
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
