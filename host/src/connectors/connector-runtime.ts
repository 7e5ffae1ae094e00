import type { ConfiguredLevel, ConnectorDescription, JsonObject } from '@automate/contract';
import { ConfigInvalidError, describeProblem, UnavailableError } from '@automate/contract';
import type { ConnectorEntry } from './connector-state.ts';
import type { Environment } from '../host-settings.ts';
import type { FilesPolicyOptions } from './files-policy.ts';
import type { HostEvents } from '../events/host-events.ts';
import type { OpenedHostLog } from '../log/host-log.ts';
import { recordFields } from '../log/record-fields.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import { isolationOf } from '../plugins/kind-catalog.ts';
import type { AdmittedCode, PackageSource, Snapshots } from '../plugins/snapshots/snapshots.ts';
import { explainClosed } from '../runtime/bodies/readable-packages.ts';
import type {
  CodePlace,
  ConfigCheck,
  InspectSpec,
  Runtime,
  Validate,
  WorkerConfig,
  WorkerEvents,
  WorkerSpec,
} from '../runtime/runtime.ts';
import type { Inspection } from './descriptions.ts';
import { checkWebhook, findUnrunnable } from './check-with-kind.ts';
import type { NetworkPolicies } from './network-policies.ts';
import { RenewableWorker } from './renewable-worker.ts';
import { environmentOf, reachOf } from './reach.ts';

export interface ConnectorRuntimeOptions extends FilesPolicyOptions {
  readonly runtime: Runtime;
  readonly snapshots: Snapshots;
  readonly hostVersion: string;
  /** Milliseconds without a call after which a worker without health checks stops. */
  readonly idleStopMs: number;
  /** For how long this host may send anything for a connector, as a worker's specification has it. Absent: for ever. */
  readonly heldForMs?: (id: string) => number;
  /** Of the host, of which connectors see what they are granted. */
  readonly environment: Environment;
  /** Where connectors may connect to. */
  readonly network: NetworkPolicies;
  /** Resolves references; rejects with a ConnectorError that names the field. */
  resolve(entry: ConnectorEntry, description: ConnectorDescription): Promise<WorkerConfig>;
  /** Told what the operator should know of a connector's worker. */
  warn(connector: string, message: string): void;
  /** Makes known which of the settings that are about to be checked are secret. */
  learnSettings(settings: JsonObject, description: ConnectorDescription): void;
}

/** Makes workers for the registry's entries, at the isolation that their kind's source allows. */
export interface ConnectorRuntime {
  createWorker(entry: ConnectorEntry, kind: Kind): RenewableWorker<ConnectorEntry>;
  inspect(kind: Kind, check?: ConfigCheck): Promise<Inspection>;
  /** Shows a kind configurations one after the other, in one worker, which is as isolated as these have it and may read what their `tls` names. */
  examine(
    kind: Kind,
    like: Pick<ConfigCheck, 'isolation' | 'tls'>,
    ask: (validate: Validate) => Promise<void>,
  ): Promise<void>;
}

export function createConnectorRuntime(options: ConnectorRuntimeOptions): ConnectorRuntime {
  const { runtime, hostVersion, idleStopMs, environment } = options;
  const locateIn = ({ name, source }: Kind, connector?: string): Pick<WorkerSpec, 'locateCode'> => {
    if (source.via !== 'package') return {};
    const subject =
      connector === undefined ? `the kind "${name}" cannot be described` : `connector "${connector}" does not start`;
    return {
      locateCode() {
        const found = options.snapshots.find(source);
        return found instanceof Promise
          ? found.then((code) => placeOf(code, source, subject))
          : placeOf(found, source, subject);
      },
    };
  };
  const inspected = (kind: Kind, { isolation, tls }: Pick<ConfigCheck, 'isolation' | 'tls'>): InspectSpec => ({
    ...workerCode(kind, hostVersion, isolation),
    ...locateIn(kind),
    startTimeoutMs: INSPECT_TIMEOUT_MS,
    memoryMb: INSPECT_MEMORY_MB,
    reach: reachOf(kind, { tls }, options),
    env: () => environmentOf(kind, environment),
    network: () => options.network.ofKinds(),
  });
  return {
    createWorker(entry, kind) {
      const { limits, healthCheck } = entry.config;
      const { locateCode } = locateIn(kind, entry.id);
      const reach = reachOf(kind, entry.config, options);
      const spec = {
        id: entry.id,
        ...workerCode(kind, hostVersion, entry.config.isolation),
        locateCode() {
          // Before any of its code is loaded, which would meet the walls one by one.
          const unrunnable = findUnrunnable(entry, kind);
          if (unrunnable !== undefined) throw unrunnable;
          const closed = spec.isolation === 'restricted' ? explainClosed(reach) : undefined;
          if (closed !== undefined)
            throw new ConfigInvalidError(`the connector "${entry.id}" cannot start: ${closed}`, {
              connector: entry.id,
            });
          return locateCode?.();
        },
        startTimeoutMs: limits.startTimeoutMs,
        memoryMb: limits.memoryMb,
        reach,
        env: () => environmentOf(kind, environment),
        network: () => options.network.of(entry, kind),
        heldForMs: () => options.heldForMs?.(entry.id) ?? Infinity,
        // A health loop would start it again at once.
        ...(healthCheck.enabled ? undefined : { idleStopMs }),
      };
      return new RenewableWorker({
        entry,
        async resolve(now, description) {
          const problems = checkWebhook(now.config.webhook, description);
          if (problems.length > 0)
            throw new ConfigInvalidError(
              `the connector "${now.id}" cannot start: ${problems.map(describeProblem).join('; ')}`,
              { connector: now.id, problems },
            );
          return options.resolve(now, description);
        },
        takeWithinMs: limits.startTimeoutMs,
        warn: (message) => options.warn(entry.id, message),
        make: (resolveConfig) => runtime.create({ ...spec, resolveConfig }),
      });
    },
    examine: async (kind, like, ask) =>
      void (await runtime.inspect({
        ...inspected(kind, like),
        ask: (validate, description) =>
          ask(async (check) => {
            options.learnSettings(check.settings, description);
            return [...(await validate(check)), ...checkWebhook(check.webhook, description)];
          }),
      })),
    async inspect(kind, check) {
      const { description, problems } = await runtime.inspect({
        ...inspected(kind, check ?? {}),
        ...(check === undefined
          ? undefined
          : {
              check,
              onDescribed: (description: ConnectorDescription) => options.learnSettings(check.settings, description),
            }),
      });
      return { description, problems: [...problems, ...checkWebhook(check?.webhook, description)] };
    },
  };
}

/** Tells the news of workers; a record whose fate its writer wants to know goes straight to the log. */
export function tellWorkerNews(
  events: HostEvents,
  log: Pick<OpenedHostLog, 'write'>,
  onFault: WorkerEvents['onFault'],
): WorkerEvents {
  return {
    onLog: (record) => void events.emit('log', record),
    onRecord: (record) => log.write(record.level, recordFields(record), record.message),
    onState: (id) => void events.emit('status', id),
    onActions: (id) => void events.emit('actions', id),
    onAbandoned: () => void events.emit('abandoned'),
    onCrash: (id, error, version) => void events.emit('crash', id, error, version),
    onFault,
  };
}

const INSPECT_TIMEOUT_MS = 10_000;
const INSPECT_MEMORY_MB = 128;

/** Installers replace packages in place: what was never admitted is not run under the name of what was. */
function placeOf(found: AdmittedCode, { packageName, packageVersion }: PackageSource, subject: string): CodePlace {
  switch (found.kind) {
    case 'snapshot':
      return { code: found.entryUrl, snapshot: { directory: found.directory, packageDir: found.packageDir } };
    case 'installed':
      return { code: found.entryUrl };
    case 'lost': {
      const what = found.gone ? 'is gone' : 'is another by now';
      throw new UnavailableError(
        `${subject}: the package ${packageName} that was admitted, version ${packageVersion}, ${what}; scan again with "automate plugins check"`,
        { retryable: false, blame: 'operator', details: { reason: 'package_replaced' } },
      );
    }
    default:
      return found satisfies never;
  }
}

function workerCode(
  kind: Kind,
  hostVersion: string,
  asked: ConfiguredLevel | undefined,
): Pick<WorkerSpec, 'kind' | 'type' | 'packageName' | 'packageVersion' | 'isolation' | 'code'> {
  const { name, type, source } = kind;
  const isolation = isolationOf(kind, asked);
  if (source.via === 'package') {
    const { packageName, packageVersion, entryUrl } = source;
    return { kind: name, type, packageName, packageVersion, isolation, code: entryUrl };
  }
  const code = source.via === 'class' ? source.adapterClass : source.entryUrl;
  return { kind: name, type, packageName: '(registered)', packageVersion: hostVersion, isolation, code };
}
