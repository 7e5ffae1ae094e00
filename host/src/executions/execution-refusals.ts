import { InvalidInputError, quote } from '@automate/contract';
import type { StoredExecution } from '../store/execution-store.ts';

/** Of a start whose key stands for another call. */
export function keyReused(
  { id, key = '', action, connector, createdAt }: StoredExecution,
  asked: string,
  differs = 'payload',
): InvalidInputError {
  const other = action === asked ? `another ${differs}` : `the action ${quote(action)}`;
  return new InvalidInputError(
    `the idempotency key ${quote(key)} was used for ${other} before, by the execution ${id}: a key stands for one call; take a new one`,
    {
      problems: [
        { path: 'idempotency_key', expected: 'a key of its own for every call', received: `one used for ${other}` },
      ],
      details: { reason: 'key_reused', execution: id, started_at: new Date(createdAt).toISOString() },
      connector,
    },
  );
}

/** Of a cancellation that comes too late. */
export function alreadyEnded({ id, status, connector }: StoredExecution): InvalidInputError {
  return new InvalidInputError(`the execution ${id} has ended already: it is ${status}`, {
    details: { reason: 'already_ended', status },
    connector,
  });
}

/** Of another run of what was run again already, or may still be run. */
export function notRepeatable({ id, status, rerunAs, connector }: StoredExecution): InvalidInputError {
  if (rerunAs !== undefined)
    return new InvalidInputError(`the execution ${id} was run again already, as ${rerunAs}: run that one again`, {
      details: { reason: 'already_rerun', rerun_as: rerunAs },
      connector,
    });
  return new InvalidInputError(
    `the execution ${id} is ${status}: what failed, was cancelled or is unknown can be run again`,
    { details: { reason: 'not_repeatable', status }, connector },
  );
}
