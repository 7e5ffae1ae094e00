import type { Seen } from './seen.ts';
import type { StepName } from './steps.ts';

/** What crosses to the thread and back. */
export interface StepMessage {
  readonly step: StepName;
  readonly argument: unknown;
}

/** Of a step during which nobody could look. */
export const NOTHING_SEEN: Seen = { console: [], environment: [], leaks: [], unhandled: [], blockedMs: 0 };

/** What a step that threw is told as. */
export function failed(thrown: unknown): { readonly ok: false; readonly message: string } {
  return { ok: false, message: thrown instanceof Error || isErrorLike(thrown) ? thrown.message : String(thrown) };
}

function isErrorLike(value: unknown): value is { readonly message: string } {
  return typeof (value as { readonly message?: unknown } | null | undefined)?.message === 'string';
}
