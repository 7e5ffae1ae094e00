import { isDeepStrictEqual } from 'node:util';
import type { ConnectorWorker } from '../runtime/runtime.ts';
import type { Blame, Patience } from '@automate/contract';
import { ConnectorError, startPatience } from '@automate/contract';
import type { ConnectorEntry } from './connector-state.ts';
import { explainDeniedTarget } from './denied-target.ts';
import type { Acceptance } from '../plugins/lock/acceptance.ts';
import { grantsLess } from '../plugins/grants.ts';
import { isWeaker } from '../plugins/isolation.ts';
import type { Kind, KindCatalog } from '../plugins/kind-catalog.ts';
import { isolationOf } from '../plugins/kind-catalog.ts';
import type { LiveConnectors } from './live-connectors.ts';
import type { Finding } from './health-record.ts';
import type { NetworkPolicies } from './network-policies.ts';
import { findingOf, probe } from './probe.ts';

/**
 * What has to hold before an entry takes the place of one that stands:
 * - `nothing`: the one that stands does not run, or somebody wants it gone
 * - `accepted`: the same, but what it does otherwise must have been accepted, as far as it can be described at all
 * - `starts`: its kind is there, loads, and takes its settings
 * - `healthy`: it also connects, and finds itself well
 */
export type Demand = 'nothing' | 'accepted' | 'starts' | 'healthy';

export interface GateOptions {
  readonly live: LiveConnectors;
  createWorker(entry: ConnectorEntry, kind: Kind): ConnectorWorker;
  readonly acceptance: Acceptance;
  /** Where a connector may connect to. */
  networkOf: NetworkPolicies['of'];
}

/** How long a worker that was only tried out may take to close, in milliseconds. */
const CLOSE_GRACE_MS = 1_000;

/** How an entry did that was tried out. */
export interface TrialResult {
  /** How it was found; absent where nobody looked. */
  readonly finding?: Finding;
  /** Why it must not take the place; absent where it may. */
  readonly failure?: string;
  /** It is not well, and takes the place of none that is. */
  readonly tolerated?: true;
}

function failed({ message, blame }: { readonly message: string; readonly blame: Blame }): TrialResult {
  return { failure: message, finding: { status: 'unhealthy', message, blame } };
}

/** Every change of a connector that runs passes it: the new one must be at least as good as the old one is. */
export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** What is asked of an entry that is to take another's place, in a host whose kinds are these. */
  demand(before: ConnectorEntry, after: ConnectorEntry, kinds: KindCatalog): Demand {
    if (before.state.phase !== 'usable' || after.state.phase === 'disabled') return 'nothing';
    if (
      after.state.phase === 'missing' &&
      before.config.kind === after.config.kind &&
      !kinds.isBroken(before.state.kind)
    )
      return 'nothing';
    // What the operator takes away is taken away at once, whatever stops working without it.
    if (after.profile?.enabled === false) return 'nothing';
    if (!isDeepStrictEqual([before.fileRoots, before.network], [after.fileRoots, after.network])) return 'nothing';
    if (after.state.phase === 'usable' && grantsLess(after.state.kind, before.state.kind)) return 'nothing';
    if (isRaised(before, after)) return 'nothing';
    const running = this.#options.live.find(before.id);
    // What was found of the one before says nothing of this one.
    const status = running === undefined || running.health.inherited ? 'unknown' : running.report().status;
    const state = running?.worker.state();
    if (status === 'unhealthy' && state?.phase !== 'running') return this.#atLeastAccepted(before, after);
    if (status === 'unhealthy') return 'starts';
    // One that is connected answers calls, also where no health check has asked it yet, or ever does.
    const isConnected = state?.phase === 'running' && state.level === 'ready';
    return status === 'healthy' || isConnected ? 'healthy' : 'starts';
  }

  /**
   * Whether the entry may take the place, as far as the demand goes. Tries it out in a worker that nobody else sees, which is ended where
   * the patience ends before.
   */
  async tryOut(after: ConnectorEntry, demand: Demand, patience: Patience = {}): Promise<TrialResult> {
    if (demand === 'nothing' || after.state.phase === 'disabled') return {};
    if (after.state.phase === 'missing') return failed({ message: after.state.reason, blame: 'operator' });
    const { live, createWorker, acceptance, networkOf } = this.#options;
    const { healthCheck, limits } = after.config;
    const { kind } = after.state;
    const worker = createWorker(after, kind);
    const close = (): void => void worker.close({ graceMs: CLOSE_GRACE_MS });
    const letGo = startPatience(patience, close);
    try {
      const level = demand === 'accepted' ? 'described' : 'initialized';
      const description = await worker.ensure(level, { withinMs: limits.startTimeoutMs });
      const unaccepted = acceptance.explain(kind, description);
      if (unaccepted !== undefined) return failed({ message: unaccepted, blame: 'operator' });
      if (demand === 'accepted' || demand === 'starts') return {};
      const finding = await probe({
        worker,
        timeoutMs: healthCheck.timeoutMs,
        startTimeoutMs: limits.startTimeoutMs,
        reconnect: false,
      });
      if (finding.status === 'healthy') return { finding };
      if (this.#isThere(after.id))
        // What ails both is no fault of the new one.
        return (await live.check(after.id)).healthy
          ? { finding, failure: finding.message }
          : { finding, tolerated: true };
      // A new one need not find its remote system; but where the same file keeps it from there, it never will.
      const denied = await explainDeniedTarget(after.config, networkOf(after, kind));
      return denied === undefined ? { finding, tolerated: true } : { finding, failure: denied };
    } catch (reason) {
      if (demand === 'accepted') return {};
      return failed(findingOf(ConnectorError.from(reason).toEnvelope()));
    } finally {
      letGo();
      close();
    }
  }

  #isThere(id: string): boolean {
    return this.#options.live.find(id) !== undefined;
  }

  /** What does not work is replaced by whatever comes; but another version may do what nobody has accepted. */
  #atLeastAccepted(before: ConnectorEntry, after: ConnectorEntry): Demand {
    if (before.state.phase !== 'usable' || after.state.phase !== 'usable') return 'nothing';
    if (before.state.kind === after.state.kind) return 'nothing';
    return this.#options.acceptance.isLocked(after.state.kind) ? 'accepted' : 'nothing';
  }
}

/**
 * Whether the operator isolates it more than before. What a new version recommends is its author's word, and a caller who asks for
 * more is told at once what fails of it.
 */
function isRaised(before: ConnectorEntry, after: ConnectorEntry): boolean {
  if (before.state.phase !== 'usable' || after.state.phase !== 'usable') return false;
  if (manifestOf(before.state.kind) !== manifestOf(after.state.kind)) return false;
  if (after.owner === 'api' && before.config.isolation !== after.config.isolation) return false;
  const was = isolationOf(before.state.kind, before.config.isolation);
  const is = isolationOf(after.state.kind, after.config.isolation);
  return was !== 'none' && is !== 'none' && isWeaker(was, is);
}

function manifestOf({ source }: Kind): string | undefined {
  return source.via === 'package' ? source.manifestHash : undefined;
}
