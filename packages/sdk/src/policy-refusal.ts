import { ConnectorError } from '@automate/contract';

/** How deep libraries hide what they were told. */
const DEEPEST = 8;

/**
 * The refusal of the host's network policy that an error stands for, however a library has wrapped it; undefined where it is none. An
 * error for several addresses is one where all of them were refused.
 */
export function policyRefusal(thrown: unknown, depth = 0): ConnectorError | undefined {
  if (typeof thrown !== 'object' || thrown === null || depth > DEEPEST) return undefined;
  try {
    if (ConnectorError.is(thrown) && thrown.code === 'FORBIDDEN' && thrown.details?.['reason'] === 'network_policy')
      return thrown;
    const { cause, errors } = thrown as { readonly cause?: unknown; readonly errors?: unknown };
    const beneath = policyRefusal(cause, depth + 1);
    if (beneath !== undefined || !Array.isArray(errors) || errors.length === 0) return beneath;
    const all = errors.slice(0, 100).map((each: unknown) => policyRefusal(each, depth + 1));
    return all.every((each) => each !== undefined) ? all[0] : undefined;
  } catch {
    // Getters of foreign errors may throw.
    return undefined;
  }
}
