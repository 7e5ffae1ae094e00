import type { ErrorEnvelope } from '@automate/contract';

/** What a worker says of a result that it may not pass on. */
export const tooLarge = {
  code: 'INTERNAL_ERROR',
  name: 'ConnectorInternalError',
  message: 'the result is too large',
  retryable: false,
  effect: 'maybe',
  blame: 'plugin',
  details: { reason: 'result_too_large' },
} as const satisfies ErrorEnvelope;
