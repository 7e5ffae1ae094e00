import { ConnectorError, ConnectorInternalError } from '@automate/contract';
import { DEFAULT_DETAILS_LIMIT, DETAILS_LIMIT_KEY, MAX_DETAILS_LIMIT, statusFromError } from '@automate/contract/grpc';
import type { ErrorStatus } from '@automate/contract/grpc';
import type { Metadata } from '@automate/grpc';
import type { GrpcLogger } from './logger.ts';

/** The status that a failed call ends with. What is no error of ours is logged whole and told in general words. */
export function answerError(
  reason: unknown,
  { method, metadata, logger }: { readonly method: string; readonly metadata: Metadata; readonly logger: GrpcLogger },
): ErrorStatus {
  if (ConnectorError.is(reason)) return statusFromError(reason, detailsLimit(metadata));
  logger.error(`${method} failed unexpectedly`, { method, error: reason });
  const message = `${method} failed for a reason that the service did not foresee; its log has it`;
  return statusFromError(new ConnectorInternalError(message, { details: { reason: 'unexpected' } }));
}

/** How many bytes of details the caller says it can take. */
function detailsLimit(metadata: Metadata): number {
  const limit = Number(metadata.get(DETAILS_LIMIT_KEY)[0]);
  return limit > DEFAULT_DETAILS_LIMIT ? Math.min(limit, MAX_DETAILS_LIMIT) : DEFAULT_DETAILS_LIMIT;
}
