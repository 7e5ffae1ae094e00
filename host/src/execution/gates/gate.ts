import type { Outcome } from '@automate/contract';

/**
 * A gate on a call's way; `Call` is what it needs to know of one. Synchronous unless it must wait: a promise costs a tenth of a call.
 * What it keeps of a connector it finds by `call.target`, which stays the same until the connector is replaced.
 */
export interface Gate<Call> {
  readonly name: string;
  /** Lets the call on, or answers in its place. What it throws is the answer too. */
  admit(call: Call): void | Outcome<string> | Promise<void | Outcome<string>>;
  /** Hears once how a call ended that it let on, whoever ended it. Never throws. */
  settle?(call: Call, outcome: Outcome<string>): void;
}

/** Takes a call through the gates it has not passed yet, and adds those that let it on to `passed`. Gives the answer of one that did not. */
export function enterGates<Call>(
  gates: readonly Gate<Call>[],
  call: Call,
  passed: Gate<Call>[],
): ReturnType<Gate<Call>['admit']> {
  for (let next = gates[passed.length]; next !== undefined; next = gates[passed.length]) {
    const gate = next;
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

/** Tells the gates that a call has passed how it ended, the last first. */
export function leaveGates<Call>(passed: readonly Gate<Call>[], call: Call, outcome: Outcome<string>): void {
  for (let index = passed.length - 1; index >= 0; index -= 1) passed[index]?.settle?.(call, outcome);
}
