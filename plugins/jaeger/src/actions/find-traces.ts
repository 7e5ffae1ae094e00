import { action } from '@automate/sdk';
import type { QueryValue } from '@automate/sdk';
import { z } from 'zod';
import { duration, moment } from '../inputs.ts';
import { askJaeger } from '../jaeger-client.ts';
import { tracesAnswer } from '../otlp.ts';
import { maxSpans, toTraces, trace } from '../traces.ts';

const input = z.strictObject({
  service: z.string().min(1),
  operation: z.string().min(1).optional().describe('Only traces with a span of this name'),
  start_time: moment
    .optional()
    .describe('Traces with spans that began then or later. Default: an hour before end_time'),
  end_time: moment.optional().describe('Traces with spans that began before then. Default: now'),
  min_duration: duration.optional().describe('Only spans that lasted at least so long, e.g. `250ms`'),
  max_duration: duration.optional().describe('Only spans that lasted at most so long'),
  attributes: z
    .record(z.string(), z.string())
    .optional()
    .describe('Only traces with a span that has all of these attributes, e.g. `{"http.status_code":"500"}`'),
  limit: z.int().min(1).max(1000).default(20).describe('Most traces; how strictly is up to the storage behind Jaeger'),
  max_spans: maxSpans,
});

const output = z.object({
  traces: z.array(trace),
  truncated: z.boolean().describe('Whether the limit was reached, so that there may be more'),
});

const HOUR_MS = 3_600_000;

/** Released versions know the snake_case names only, the published API the others; each side leaves out what it does not know. */
function bothSpellings(values: Readonly<Record<string, QueryValue>>): Record<string, QueryValue> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => [
      [`query.${name}`, value],
      [`query.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`, value],
    ]),
  );
}

/** Traces with at least one matching span. */
export const findTraces = action({
  description: 'Finds traces of a service by operation, time, duration and attributes, and gives their spans.',
  input,
  output,
  sideEffects: false,
  idempotent: true,
  async run(
    { service, operation, start_time, end_time, min_duration, max_duration, attributes, limit, max_spans },
    { http },
  ) {
    const end = end_time === undefined ? Date.now() : Date.parse(end_time);
    const query = bothSpellings({
      serviceName: service,
      operationName: operation,
      startTimeMin: start_time ?? new Date(end - HOUR_MS).toISOString(),
      startTimeMax: end_time ?? new Date(end).toISOString(),
      durationMin: min_duration,
      durationMax: max_duration,
      attributes: attributes === undefined ? undefined : JSON.stringify(attributes),
      searchDepth: limit,
      numTraces: limit,
    });
    const traces = toTraces(await askJaeger(http, '/api/v3/traces', query, tracesAnswer), max_spans);
    return { traces: traces.slice(0, limit), truncated: traces.length >= limit };
  },
});
