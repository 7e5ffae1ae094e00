import type { StartExecutionRequest } from '@automate/contract';

/** The JSON text of a payload, which the service hands over as text alone. Empty text is `{}`. */
export function textOf({ payload = '{}' }: Pick<StartExecutionRequest, 'payload'>): string {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return text === '' ? '{}' : text;
}
