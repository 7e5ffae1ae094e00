import type { JsonLimits, JsonRefusal } from '@automate/contract/json-text';
import type { ConnectorDescription } from '@automate/contract';
import { ConnectorInternalError } from '@automate/contract';
import { measureJson } from '@automate/contract/json-text';
import { RESULT_LIMITS } from '../bounds.ts';
import { isLongerThan } from '../is-longer-than.ts';
import { natives } from './natives.ts';

/**
 * The value as JSON text. It is measured first and refused early; then the text is measured too, since a getter may
 * answer differently the second time. Throws ConnectorInternalError with a reason: `result_too_large`,
 * `result_too_deep`, `result_circular`, `result_not_json`.
 */
export function boundedEncode(value: unknown, limits: JsonLimits = RESULT_LIMITS): string {
  return encodeWithin(value, limits, resultRefused);
}

/** The same of what an adapter says of itself; its reason is `bad_description`. */
export function encodeDescription(description: ConnectorDescription): string {
  return encodeWithin(description, RESULT_LIMITS, descriptionRefused);
}

function encodeWithin(value: unknown, limits: JsonLimits, refused: (refusal: JsonRefusal) => Error): string {
  if (value === undefined || value === null) return 'null';
  const refusal = measureJson(value, limits);
  if (refusal !== undefined) throw refused(refusal);
  let text: string | undefined;
  try {
    text = natives.stringify(value);
  } catch (cause) {
    throw refused({ fault: 'not_json', path: '', what: 'cannot be encoded as JSON', cause });
  }
  if (text === undefined) return 'null';
  if (isLongerThan(text, limits.bytes))
    throw refused({ fault: 'too_large', path: '', what: `is longer than ${limits.bytes} bytes of JSON` });
  return text;
}

function descriptionRefused({ path, what, cause }: JsonRefusal): ConnectorInternalError {
  const at = path === '' ? '' : ` at "${path}"`;
  return new ConnectorInternalError(`what the adapter says of itself ${what}${at}; the plugin's author must act`, {
    effect: 'none',
    details: { reason: 'bad_description' },
    ...(cause === undefined ? {} : { cause }),
  });
}

const REASONS = {
  too_large: 'result_too_large',
  too_deep: 'result_too_deep',
  circular: 'result_circular',
  not_json: 'result_not_json',
} as const satisfies Record<JsonRefusal['fault'], string>;

function resultRefused({ fault, path, what, cause }: JsonRefusal): ConnectorInternalError {
  const at = path === '' || fault === 'too_large' || fault === 'too_deep' ? '' : ` at "${path}"`;
  return new ConnectorInternalError(`the result ${what}${at}; the plugin's author must act`, {
    details: { reason: REASONS[fault] },
    ...(cause === undefined ? {} : { cause }),
  });
}
