import { action, InvalidInputError, LOG_LEVELS, OverloadedError, withDeadline } from '@automate/sdk';
import type { JsonValue, LogLevel } from '@automate/sdk';
import { z } from 'zod';

/** Any JSON: a payload is JSON already, so that nothing is left to check. */
const jsonValue: z.ZodType<JsonValue> = z.any();
const level = z.enum(LOG_LEVELS);

const input = z.strictObject({
  message: z.string().min(1),
  level: level.default('info'),
  fields: z.record(z.string(), jsonValue).optional().describe('Facts for programs that read the log'),
});

const output = z.object({
  logged: z.boolean().describe('True once the host has written the record, whole'),
  reason: z
    .enum(['below_setting', 'below_level', 'failed'])
    .optional()
    .describe(
      "Why it was not: its level lies below this connector's setting `level` or below the host's LOG_LEVEL, or where the log goes to did not take it",
    ),
  level,
  message: z.string(),
  fields: z.record(z.string(), jsonValue).optional(),
});

/**
 * Writes one record, whole or not at all.
 *
 * @param minimum gives the lowest level that is written, known once the connector has started
 */
export const log = (minimum: () => LogLevel) =>
  action({
    description: "Writes a record to the host's log, and tells whether it was written.",
    input,
    output,
    sideEffects: true,
    idempotent: false,
    async run(record, { logger, deadline }) {
      if (LOG_LEVELS.indexOf(record.level) < LOG_LEVELS.indexOf(minimum()))
        return { logged: false, reason: 'below_setting', ...record } as const;
      const receipt = await withDeadline({ deadline, what: 'writing the record' }, () =>
        logger.write(record.level, record.message, record.fields),
      );
      switch (receipt) {
        case 'written':
          return { logged: true, ...record };
        case 'too_large':
          throw new InvalidInputError('the record is larger than the log takes; nothing was written; send less', {
            details: { reason: 'record_too_large' },
          });
        case 'too_many':
          throw new OverloadedError(
            'too many records wait for the log to take them; nothing was written of this one; send fewer at once',
            { details: { reason: 'log_busy' } },
          );
        default:
          return { logged: false, reason: receipt, ...record };
      }
    },
  });
