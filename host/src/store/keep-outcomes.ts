import { OverloadedError } from '@automate/contract';
import type { EndStep, OutcomeStep, StepAnswer } from './outcome-steps.ts';
import type { OutcomeClaim, OutcomePlace, OutcomeStore, StoredOutcome } from './outcome-store.ts';
import type { StepSink } from './step-writer.ts';
import { StepWriter } from './step-writer.ts';

/** A call of this host that runs. */
interface Running {
  readonly outcome: StoredOutcome;
  /** What was found in its place; undefined once it is written down that it runs. */
  readonly begun: Promise<StoredOutcome | undefined>;
}

/** Ends of calls that wait in memory until they can be written; with their results, they are some tens of megabytes at most. */
const MOST_UNWRITTEN = 500;
/** How long it is waited before these are tried again, in milliseconds, where no call does it before. */
const TRY_AGAIN_MS = 1_000;

export interface OutcomesOptions {
  /** Opens where they are written, in the name of this host. Called once, with the first step that needs it. */
  openSink(): StepSink<OutcomeStep, StepAnswer>;
  /** Whether nothing is kept for certain, so that nothing has to be opened to look for something. */
  isEmpty(): boolean;
}

/** The outcomes of a host over what writes them: it knows by itself which of its calls run, and keeps what could not be written until it can be. */
export function keepOutcomes({ openSink, isEmpty: isNothingKept }: OutcomesOptions): OutcomeStore {
  const running = new Map<string, Running>();
  const unwritten = new Map<string, EndStep>();
  let again: NodeJS.Timeout | undefined;
  let isClosed = false;
  let opened: StepWriter<OutcomeStep, StepAnswer> | undefined;
  const open = (): StepWriter<OutcomeStep, StepAnswer> => (opened ??= new StepWriter(openSink()));
  const isEmpty = (): boolean => opened === undefined && isNothingKept();

  const writeLate = (): readonly Promise<void>[] =>
    [...unwritten].map(async ([name, end]) => {
      await open().run(end);
      if (unwritten.get(name) === end) unwritten.delete(name);
    });
  const tryAgain = (): void => {
    if (isClosed) return;
    again ??= setTimeout(() => {
      again = undefined;
      Promise.all(writeLate()).catch(tryAgain);
    }, TRY_AGAIN_MS).unref();
  };
  /** Ends that could not be written go first, so that whoever asks for one finds it. */
  const run = async (step: OutcomeStep): Promise<StepAnswer> => {
    const writing = writeLate();
    // They go in one write, which comes off or does not.
    const [answer] = await Promise.all([open().run(step), ...writing]);
    return answer;
  };
  const claim = async (given: OutcomeClaim): Promise<StoredOutcome | undefined> => {
    const answer = await run({ op: 'begin', claim: given });
    if ('full' in answer) throw full(answer.full);
    return answer.found;
  };
  const find = async (place: OutcomePlace, op: 'find' | 'clear'): Promise<StoredOutcome | undefined> => {
    const own = running.get(nameOfPlace(place));
    if (own !== undefined) return (await own.begun) ?? own.outcome;
    if (isEmpty()) return undefined;
    const answer = await run({ op, place });
    return 'found' in answer ? answer.found : undefined;
  };

  const begin = async (given: OutcomeClaim): Promise<StoredOutcome | undefined> => {
    const name = nameOfPlace(given);
    const other = running.get(name);
    if (other !== undefined) {
      try {
        return (await other.begun) ?? other.outcome;
      } catch {
        return begin(given);
      }
    }
    const { action, payloadSha256 } = given;
    const begun = claim(given);
    running.set(name, { begun, outcome: { action, payloadSha256, status: 'running', startedAt: Date.now() } });
    let goesOn = false;
    try {
      const found = await begun;
      goesOn = found === undefined;
      return found;
    } finally {
      if (!goesOn) running.delete(name);
    }
  };

  return {
    begin,
    async end(place, end) {
      const name = nameOfPlace(place);
      const step: EndStep = { op: 'end', place, end };
      try {
        const answer = await run(step);
        return 'found' in answer ? answer.found : undefined;
      } catch (reason) {
        if (unwritten.size < MOST_UNWRITTEN) unwritten.set(name, { ...step, late: true });
        tryAgain();
        throw reason;
      } finally {
        running.delete(name);
      }
    },
    find: (place) => find(place, 'find'),
    clear: (place) => find(place, 'clear'),
    async forget(connector) {
      if (!isEmpty()) await run({ op: 'forget', connector });
    },
    async age(connectors, expiresAt) {
      if (!isEmpty()) await run({ op: 'age', connectors, expiresAt });
    },
    async close() {
      isClosed = true;
      clearTimeout(again);
      const [last] = unwritten.values();
      if (last !== undefined) await run(last).catch(() => undefined);
      await opened?.close();
    },
  };
}

function nameOfPlace({ connector, principal, key }: OutcomePlace): string {
  return JSON.stringify([connector, principal, key]);
}

function full(rows: number): OverloadedError {
  return new OverloadedError(
    `the outcomes of ${rows} calls with idempotency keys are kept, which is all that one store takes: the call was not made, as nobody could tell afterwards that it was; keep them for a shorter time, with limits.idempotency_ttl`,
    { details: { reason: 'outcomes_full' } },
  );
}
