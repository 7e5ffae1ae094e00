import type { ErrorEnvelope } from '@automate/contract';
import { ConnectorInternalError, isErrorCode, isJsonObject, readTraits } from '@automate/contract';

/** Reads the error that a worker sent. Never throws: what is no envelope becomes INTERNAL_ERROR with reason `bad_error`. */
export function parseEnvelope(text: string, connector: string): ErrorEnvelope {
  const value = parseObject(text);
  const { code, name, message, retryAfterMs, details, problems } = value;
  if (!isErrorCode(code) || typeof message !== 'string') {
    return new ConnectorInternalError(`connector "${connector}" failed with an error that cannot be read`, {
      connector,
      details: { reason: 'bad_error' },
    }).toEnvelope();
  }
  return {
    code,
    name: typeof name === 'string' ? name : 'ConnectorError',
    // Half a character cannot leave through every door.
    message: message.toWellFormed(),
    ...readTraits(code, value),
    ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
    ...(isJsonObject(details) ? { details } : {}),
    ...(Array.isArray(problems) ? { problems: problems as NonNullable<ErrorEnvelope['problems']> } : {}),
    connector,
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
