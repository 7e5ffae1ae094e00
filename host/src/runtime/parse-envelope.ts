import type { ErrorCode, ErrorEnvelope, JsonObject, Problem } from '@automate/contract';
import {
  clipText,
  ConnectorInternalError,
  isAccessCode,
  isErrorCode,
  isJsonObject,
  readTraits,
} from '@automate/contract';
import type { JsonLimits } from '@automate/contract/json-text';
import { measureJson } from '@automate/contract/json-text';
import { DETAIL_LIMITS, FAILURE_LENGTH, MESSAGE_LENGTH, NAME_LENGTH } from './bounds.ts';
import { parseObject } from './parse-object.ts';

/**
 * Reads the error that a worker sent. Never throws: what is no envelope becomes INTERNAL_ERROR with reason `bad_error`, and what no
 * worker of ours would say of one, in kind or in size, is left out.
 */
export function parseEnvelope(text: string, connector: string): ErrorEnvelope {
  const value = parseObject(text, FAILURE_LENGTH) ?? {};
  const { code, name, message, retryAfterMs } = value;
  if (!isErrorCode(code) || typeof message !== 'string') {
    return new ConnectorInternalError(`connector "${connector}" failed with an error that cannot be read`, {
      connector,
      details: { reason: 'bad_error' },
    }).toEnvelope();
  }
  if (isAccessCode(code)) return claimedAccess(code, { message, connector });
  const details = parseDetails(value['details']);
  const problems = parseProblems(value['problems'], DETAIL_LIMITS);
  return {
    code,
    name: typeof name === 'string' ? clipText(name, 2 * NAME_LENGTH) : 'ConnectorError',
    // Half a character cannot leave through every door.
    message: clipText(message, 2 * MESSAGE_LENGTH).toWellFormed(),
    ...readTraits(code, value),
    ...(isTime(retryAfterMs) ? { retryAfterMs } : {}),
    ...(details === undefined ? {} : { details }),
    ...(problems === undefined ? {} : { problems }),
    connector,
  };
}

/** The service alone says who may call it: a caller would be told that its own credentials are at fault. */
function claimedAccess(
  code: ErrorCode,
  { message, connector }: { readonly message: string; readonly connector: string },
): ErrorEnvelope {
  const said = clipText(message, MESSAGE_LENGTH).toWellFormed();
  return new ConnectorInternalError(
    `connector "${connector}" failed with ${code}, which is no error of a kind: ${said}`,
    {
      connector,
      details: { reason: 'bad_error', code },
    },
  ).toEnvelope();
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function parseDetails(value: unknown): JsonObject | undefined {
  return isJsonObject(value) && measureJson(value, DETAIL_LIMITS) === undefined ? value : undefined;
}

/** The problems of a list, without what is none; undefined where it is no list, or beyond the limits. */
export function parseProblems(value: unknown, limits: JsonLimits): readonly Problem[] | undefined {
  if (!Array.isArray(value) || measureJson(value, limits) !== undefined) return undefined;
  return (value as unknown[]).flatMap((each) => parseProblem(each) ?? []);
}

function parseProblem(value: unknown): Problem | undefined {
  if (!isJsonObject(value)) return undefined;
  const { path, expected, received, message, file, line, column } = value;
  if (typeof path !== 'string' || typeof expected !== 'string' || typeof received !== 'string') return undefined;
  return {
    path,
    expected,
    received,
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof file === 'string' ? { file } : {}),
    ...(typeof line === 'number' ? { line } : {}),
    ...(typeof column === 'number' ? { column } : {}),
  };
}
