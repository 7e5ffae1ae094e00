import type { ActionDescription, ErrorEnvelope } from '@automate/contract';
import { ConnectorInternalError, InvalidInputError, MAX_PAYLOAD_BYTES } from '@automate/contract';

/**
 * A timeout says nothing of the remote system where the caller gave it less than this, in milliseconds, and less than the connector does: a
 * second is enough, of which the way here through another host may take some.
 */
const FAIR_MS = 900;

/** What an attempt was given, and what its connector gives. */
export interface GivenTime {
  readonly givenMs: number;
  readonly target: { readonly limits: { readonly timeoutMs: number } };
}

/** Whether an attempt had so little time, for its caller's sake, that nothing can be said of who did not answer. */
export function isHurried({ givenMs, target }: GivenTime): boolean {
  return givenMs < Math.min(FAIR_MS, target.limits.timeoutMs);
}

/**
 * What an error of a call means, given what its action says of itself; the one place that knows both. An action that
 * changes nothing has had no effect, whatever became of it. A result that is too large is not the plugin author's to
 * mend where the caller can ask for less; after a change it leaves nothing to try again.
 */
export function judgeError(
  given: ErrorEnvelope,
  action: ActionDescription | undefined,
  attempt: GivenTime,
): ErrorEnvelope {
  const error =
    given.code === 'TIMEOUT' && given.blame === 'remote' && isHurried(attempt) ? hurried(given, attempt) : given;
  if (action === undefined) return error;
  const judged = error.details?.['reason'] === 'result_too_large' ? judgeTooLarge(error, action) : error;
  return action.sideEffects ? judged : { ...judged, effect: 'none' };
}

function hurried(error: ErrorEnvelope, { givenMs }: GivenTime): ErrorEnvelope {
  return { ...error, blame: 'caller', message: `${error.message}; its caller gave it only ${Math.round(givenMs)} ms` };
}

function judgeTooLarge(error: ErrorEnvelope, { name, input, sideEffects }: ActionDescription): ErrorEnvelope {
  if (error.code !== 'INTERNAL_ERROR') return error;
  const inputs = Object.keys(input['properties'] ?? {});
  if (inputs.length === 0) return error;
  const what = `the result of "${name}" is longer than the ${MAX_PAYLOAD_BYTES} bytes of JSON that can be answered`;
  const remedy = `ask for less, by what it takes: ${inputs.join(', ')}`;
  const options = { connector: error.connector, details: error.details, blame: 'caller' } as const;
  return sideEffects
    ? new ConnectorInternalError(
        `${what}; it has been done, so do not send it again; another time ${remedy}`,
        options,
      ).toEnvelope()
    : new InvalidInputError(`${what}: ${remedy}`, options).toEnvelope();
}
