import { z } from 'zod';

/** A moment, as the server takes it, or relative to now. What kinds of text it takes besides is for the server to say. */
export const timestamp = z
  .union([
    z.number().describe('Unix time in seconds'),
    z
      .string()
      .regex(/^(now([+-](\d+(\.\d+)?(ms|[smhdwy]))+)?|(?!now).+)$/, 'expected a moment such as "now", "now-1h30m"')
      .describe('RFC 3339, Unix time in seconds, or a moment such as "now-1h"'),
  ])
  .describe('Unix time in seconds, RFC 3339, or relative such as "now-1h"');

/** A span of time, as Prometheus and VictoriaMetrics write it. */
export const duration = z.union([
  z.number().nonnegative().describe('Seconds'),
  z
    .string()
    .regex(/^(\d+(\.\d+)?|(\d+(\.\d+)?(ms|[smhdwy]))+)$/, 'expected seconds, or a duration such as "15s" or "1h30m"')
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

/** How a listing of series becomes shorter. */
export const NARROW_LISTING = 'narrower selectors (`match`), a shorter span (`start`, `end`) or a `limit`';

/** How a query's answer becomes shorter. */
export const NARROW_QUERY = 'fewer series (a narrower selector, an aggregation, topk) or a `limit`';
