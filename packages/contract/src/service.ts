/** What everyone who implements `ConnectorService` refuses, in the same words. */
export {
  cancelledByCaller,
  configRefused,
  configTooLarge,
  payloadTooLarge,
  requireCallOptions,
  requireConfig,
  requireIdempotencyKey,
  requireCall,
  requireFilter,
  requireId,
  requireType,
  hostEnding,
  serviceClosed,
  timeoutRefused,
} from './common-errors.ts';
