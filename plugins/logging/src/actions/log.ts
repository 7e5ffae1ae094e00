import { action, LOG_LEVELS } from '@automate/sdk';
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
  logged: z.boolean().describe('False where the level lies below the one that is configured'),
  level,
  message: z.string(),
  fields: z.record(z.string(), jsonValue).optional(),
});

/**
 * Writes one record.
 *
 * @param minimum gives the lowest level that is written, known once the connector has started
 */
export const log = (minimum: () => LogLevel) =>
  action({
    description: "Writes a record to the host's log.",
    input,
    output,
    sideEffects: true,
    idempotent: false,
    run(record, { logger }) {
      const logged = LOG_LEVELS.indexOf(record.level) >= LOG_LEVELS.indexOf(minimum());
      if (logged) logger[record.level](record.message, record.fields);
      return { logged, ...record };
    },
  });
