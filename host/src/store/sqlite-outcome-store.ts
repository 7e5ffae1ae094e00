import { randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OverloadedError } from '@automate/contract';
import { lockFile } from './file-lock.ts';
import type { OutcomeClaim, OutcomePlace, OutcomeStore, StoredOutcome } from './outcome-store.ts';
import type { OutcomeStep, StepAnswer } from './outcome-table.ts';
import { ownerFile } from './outcome-table.ts';
import { WriterThread } from './writer-thread.ts';

/** A call of this host that runs. */
interface Running {
  readonly outcome: StoredOutcome;
  /** What was found in its place; undefined once it is written down that it runs. */
  readonly begun: Promise<StoredOutcome | undefined>;
}

/** Ends of calls that wait in memory until they can be written; with their results, they are some tens of megabytes at most. */
const MOST_UNWRITTEN = 500;

/**
 * Outcomes in `outcomes.db` of a data directory, with mode 0600. File and thread are made with the first call that needs them.
 * Several hosts may use one directory: each holds a lock for as long as it lives, so that the others know what it left unfinished.
 */
export function openSqliteOutcomeStore(directory: string): OutcomeStore {
  const file = join(directory, 'outcomes.db');
  const running = new Map<string, Running>();
  const unwritten = new Map<string, OutcomeStep>();
  let opened: { readonly writer: WriterThread; release(): void } | undefined;
  const open = (): WriterThread => {
    if (opened === undefined) {
      const { owner, release } = holdOwner(directory);
      opened = { writer: new WriterThread({ file, owner }), release };
    }
    return opened.writer;
  };
  const isEmpty = (): boolean => opened === undefined && !existsSync(file);

  /** Ends that could not be written go first, so that whoever asks for one finds it. */
  const run = async (step: OutcomeStep): Promise<StepAnswer> => {
    const writer = open();
    const late = [...unwritten];
    const writing = late.map(([name, end]) =>
      writer.run(end).then(() => {
        if (unwritten.get(name) === end) unwritten.delete(name);
      }),
    );
    // They go in one write, which comes off or does not.
    const [answer] = await Promise.all([writer.run(step), ...writing]);
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
      const step: OutcomeStep = { op: 'end', place, end };
      try {
        await run(step);
      } catch (reason) {
        if (unwritten.size < MOST_UNWRITTEN) unwritten.set(name, step);
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
      const [last] = unwritten.values();
      if (last !== undefined) await run(last).catch(() => undefined);
      await opened?.writer.close();
      opened?.release();
    },
  };
}

/** Takes a name for this host, under which others can find out whether it lives. */
function holdOwner(directory: string): { readonly owner: string; release(): void } {
  for (;;) {
    const owner = randomUUID();
    const file = ownerFile(directory, owner);
    const unlock = lockFile(file, 'the outcomes of calls cannot be kept');
    // Another host may have looked for its owner before it was held, and taken it away.
    if (unlock === undefined || !existsSync(file)) {
      unlock?.();
      continue;
    }
    return {
      owner,
      release() {
        rmSync(file, { force: true });
        unlock();
      },
    };
  }
}

function nameOfPlace({ connector, principal, key }: OutcomePlace): string {
  return JSON.stringify([connector, principal, key]);
}

function full(rows: number): OverloadedError {
  return new OverloadedError(
    `the outcomes of ${rows} calls with idempotency keys are kept, which is all that one data directory takes: the call was not made, as nobody could tell afterwards that it was; keep them for a shorter time, with limits.idempotency_ttl`,
    { details: { reason: 'outcomes_full' } },
  );
}
