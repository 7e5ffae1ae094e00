import type { JsonValue } from '@automate/sdk';
import { z } from 'zod';

/** Not a record of zod's: that one drops the name `__proto__` without a word. */
const attributes: z.ZodType<Readonly<Record<string, JsonValue>>> = z
  .any()
  .meta({ type: 'object', additionalProperties: true });

/** A span as it is given. Of attributes that are nested deeper than 32 times the rest is `…`. */
export const span = z.object({
  span_id: z.string(),
  parent_span_id: z.string().optional(),
  service: z.string(),
  name: z.string(),
  kind: z.string().describe('`internal`, `server`, `client`, `producer`, `consumer` or `unspecified`'),
  start_time: z.string().describe('ISO 8601, to the microsecond'),
  duration_ms: z.number(),
  status: z.string().describe('`ok`, `error` or `unset`'),
  status_message: z.string().optional(),
  attributes,
  events: z.array(z.object({ name: z.string(), time: z.string().optional(), attributes })),
  links: z.array(z.object({ trace_id: z.string(), span_id: z.string(), attributes })),
  truncated: z
    .literal(true)
    .optional()
    .describe(
      'Present where the span alone is larger than a result: its long texts are cut, and some of its parts left out',
    ),
});

export type Span = z.output<typeof span>;
