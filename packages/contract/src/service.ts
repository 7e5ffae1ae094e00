/** What everyone who implements `ConnectorService` refuses, in the same words. */
export {
  cancelledByCaller,
  configRefused,
  configTooLarge,
  isDay,
  openFound,
  payloadTooLarge,
  profileRefused,
  requireAuditExpectation,
  requireAuditFilter,
  requireCallOptions,
  requireConfig,
  requireConfigText,
  requireIdempotencyKey,
  requireLimit,
  requireLogFilter,
  requireLogLevel,
  requireOutcomeKey,
  requireCall,
  requireFilter,
  requireHostId,
  requireId,
  requireKindName,
  requireProfile,
  requireProfileName,
  requireSecret,
  requireSecretValue,
  requireSecretVersion,
  requireType,
  hostEnding,
  unknownHost,
  serviceClosed,
  timeoutRefused,
} from './common-errors.ts';
export { answerOfExecution } from './answer-of-execution.ts';
export { requireExecutionFilter, requireExecutionId, requireStart } from './require-execution.ts';
export { requireSchedule, requireScheduleName } from './require-schedule.ts';
export { requireWebhook, webhookTooLarge } from './require-webhook.ts';
