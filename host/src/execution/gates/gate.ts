import type { Outcome } from '@automate/contract';

/** What a gate answers in a call's place. */
export type GateAnswer = Outcome<string> & { readonly replayed?: Replayed };

/** Says of an answer that it is an earlier call's. */
export interface Replayed {
  /** Tries that the earlier call took. */
  readonly attempts: number;
  /** Whether its result was too large to be kept. */
  readonly resultDropped: boolean;
}

/**
 * A gate on a call's way; `Call` is what it needs to know of one. Synchronous unless it must wait: a promise costs a tenth of a call.
 * What it keeps of a connector it finds by `call.target`, which stays the same until the connector is replaced.
 */
export interface Gate<Call> {
  readonly name: string;
  /** Whether it has anything to do with the call; where no gate has, an attempt costs no promise. Default: with every call. */
  concerns?(call: Call): boolean;
  /** Lets the call on, or answers in its place. What it throws is the answer too. */
  admit(call: Call): void | GateAnswer | Promise<void | GateAnswer>;
  /**
   * Hears once how a call ended that it let on, whoever ended it. The answer waits for what this gives, which is an outcome where that is to be
   * answered instead. Never throws, nor rejects.
   */
  settle?(call: Call, outcome: Outcome<string>): void | Promise<void | Outcome<string>>;
}

/** Stands among those passed for a gate that has nothing to do with the call. */
const UNCONCERNED: Gate<unknown> = { name: 'unconcerned', admit: () => undefined };

/** Takes a call through the gates it has not passed yet, and adds those that let it on to `passed`. Gives the answer of one that did not. */
export function enterGates<Call>(
  gates: readonly Gate<Call>[],
  call: Call,
  passed: Gate<Call>[],
): ReturnType<Gate<Call>['admit']> {
  for (let next = gates[passed.length]; next !== undefined; next = gates[passed.length]) {
    const gate = next;
    if (gate.concerns?.(call) === false) {
      passed.push(UNCONCERNED);
      continue;
    }
    const verdict = gate.admit(call);
    if (verdict instanceof Promise)
      return verdict.then((answer) => {
        if (answer !== undefined) return answer;
        passed.push(gate);
        return enterGates(gates, call, passed);
      });
    if (verdict !== undefined) return verdict;
    passed.push(gate);
  }
}

/** Tells the gates that a call has passed how it ended, the last first. Gives what one of them answers instead. */
export function leaveGates<Call>(
  passed: readonly Gate<Call>[],
  call: Call,
  outcome: Outcome<string>,
): void | Promise<void | Outcome<string>> {
  let waits: Promise<void | Outcome<string>>[] | undefined;
  for (let index = passed.length - 1; index >= 0; index -= 1) {
    const wait = passed[index]?.settle?.(call, outcome);
    if (wait !== undefined) (waits ??= []).push(wait);
  }
  if (waits !== undefined) return Promise.all(waits).then((others) => others.find((other) => other !== undefined));
}
