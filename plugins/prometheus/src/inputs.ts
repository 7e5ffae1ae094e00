import { z } from 'zod';

/** A moment, as Prometheus takes it. */
export const timestamp = z.union([
  z.number().describe('Unix time in seconds'),
  z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/)
    .describe('RFC 3339'),
  z
    .string()
    .regex(/^-?\d+(\.\d+)?$/)
    .describe('Unix time in seconds'),
]);

/** A span of time, as Prometheus writes it. */
export const duration = z.union([
  z.number().positive().describe('Seconds'),
  z
    .string()
    .regex(/^(?=.)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$|^\d+(\.\d+)?$/)
    .describe('A duration such as "15s" or "1h30m"'),
]);

export const selectors = z.array(z.string().min(1));

export const limit = z.int().positive();

/** Narrows a listing to the series that match and to a span of time. */
export const seriesFilter = {
  match: selectors.optional().describe('Series selectors; a series counts that matches one of them'),
  start: timestamp.optional().describe('Begin of the span in which series are looked for'),
  end: timestamp.optional().describe('End of that span'),
  limit: limit.optional().describe('Most entries of the answer; `truncated` tells whether there were more'),
};
