import { LOG_LEVELS } from '@automate/sdk';
import { z } from 'zod';

/** The settings of a logging connector. */
export const configSchema = z.strictObject({
  level: z.enum(LOG_LEVELS).default('trace').describe('Records below this level are not written'),
});
