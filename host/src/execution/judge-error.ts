import type { ActionDescription, ErrorEnvelope } from '@automate/contract';
import { ConnectorInternalError, InvalidInputError, MAX_PAYLOAD_BYTES } from '@automate/contract';

/**
 * What an error of a call means, given what its action says of itself; the one place that knows both. An action that
 * changes nothing has had no effect, whatever became of it. A result that is too large is not the plugin author's to
 * mend where the caller can ask for less; after a change it leaves nothing to try again.
 */
export function judgeError(error: ErrorEnvelope, action: ActionDescription | undefined): ErrorEnvelope {
  if (action === undefined) return error;
  const judged = error.details?.['reason'] === 'result_too_large' ? judgeTooLarge(error, action) : error;
  return action.sideEffects ? judged : { ...judged, effect: 'none' };
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
