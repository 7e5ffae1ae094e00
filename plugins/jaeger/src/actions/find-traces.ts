import { action, ConnectorError } from '@automate/sdk';
import type { HttpClient, HttpRequest, QueryValue } from '@automate/sdk';
import { textMap } from '@automate/sdk/exchange';
import { z } from 'zod';
import { toHexId, TRACE_ID_BYTES } from '../ids.ts';
import { duration, moment, toSeconds } from '../inputs.ts';
import { askJaeger } from '../jaeger-client.ts';
import { nanoseconds, resourceSpans } from '../otlp.ts';
import { cutSpans, toIso, toMs, toTraces, trace } from '../traces.ts';
import type { Trace } from '../traces.ts';

const input = z.strictObject({
  service: z.string().min(1),
  operation: z.string().min(1).optional().describe('Only traces with a span of this name'),
  start_time: moment
    .optional()
    .describe('Traces with spans that began then or later. Default: an hour before end_time'),
  end_time: moment.optional().describe('Traces with spans that began before then. Default: now'),
  min_duration: duration.optional().describe('Only spans that lasted at least so long, e.g. `250ms`'),
  max_duration: duration.optional().describe('Only spans that lasted at most so long'),
  attributes: textMap
    .refine(
      (map) =>
        Object.entries(map)
          .flat()
          .every((text) => text.isWellFormed()),
      {
        error: 'expected whole characters, not half of one',
      },
    )
    .optional()
    .describe('Only traces with a span that has all of these attributes, e.g. `{"http.status_code":"500"}`'),
  limit: z.int().min(1).max(1000).default(20).describe('Most traces; how strictly is up to the storage behind Jaeger'),
  summary: z.boolean().default(false).describe('Whether the traces are given without their spans'),
  max_spans: z.int().min(1).optional().describe('Most spans of each trace. Default: all, as far as they fit'),
});

const output = z.object({
  traces: z.array(trace),
  truncated: z.boolean().describe('Whether the limit was reached, so that there may be more'),
});

const summaryItem = z.object({
  traceId: z.string(),
  rootServiceName: z.string().nullish(),
  rootOperationName: z.string().nullish(),
  minStartTimeUnixNano: nanoseconds,
  maxEndTimeUnixNano: nanoseconds,
  spanCount: z.int().nonnegative().nullish(),
  errorSpanCount: z.int().nonnegative().nullish(),
  services: z.array(z.object({ name: z.string() })).nullish(),
});

type Query = NonNullable<HttpRequest['query']>;

const HOUR_MS = 3_600_000;

/** Traces with at least one matching span. */
export const findTraces = action({
  description: 'Finds traces of a service by operation, time, duration and attributes, and gives their spans.',
  input,
  output,
  sideEffects: false,
  idempotent: true,
  async run({ limit, summary, max_spans, ...filter }, { http }) {
    const query = queryOf(filter, limit);
    const traces = summary ? await summaries(http, query) : await search(http, query);
    return { traces: cutSpans(traces.slice(0, limit), { most: max_spans }), truncated: traces.length >= limit };
  },
});

function queryOf(filter: Omit<z.output<typeof input>, 'limit' | 'summary' | 'max_spans'>, limit: number): Query {
  const { start_time, end_time, attributes } = filter;
  const end = end_time === undefined ? Date.now() : Date.parse(end_time);
  return bothSpellings({
    serviceName: filter.service,
    operationName: filter.operation,
    startTimeMin: start_time ?? new Date(end - HOUR_MS).toISOString(),
    startTimeMax: end_time ?? new Date(end).toISOString(),
    durationMin: toSeconds(filter.min_duration),
    durationMax: toSeconds(filter.max_duration),
    attributes: attributes === undefined ? undefined : JSON.stringify(attributes),
    searchDepth: limit,
    numTraces: limit,
  });
}

/** Released versions know the snake_case names only, the published API the others; each side leaves out what it does not know. */
function bothSpellings(values: Readonly<Record<string, QueryValue>>): Query {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => [
      [`query.${name}`, value],
      [`query.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`, value],
    ]),
  );
}

async function search(http: HttpClient, query: Query): Promise<Trace[]> {
  try {
    return toTraces(
      await askJaeger(http, {
        path: '/api/v3/traces',
        query,
        list: 'resourceSpans',
        item: resourceSpans,
        search: true,
      }),
    );
  } catch (error) {
    // Released versions say so where they have found nothing.
    if (codeOf(error) === 'NOT_FOUND') return [];
    throw error;
  }
}

async function summaries(http: HttpClient, query: Query): Promise<Trace[]> {
  const path = '/api/v3/trace-summaries';
  try {
    const found = await askJaeger(http, { path, query, list: 'summaries', item: summaryItem, search: true });
    return found.map(toSummary);
  } catch (error) {
    // Versions that know no summaries answer 404, or with their user interface: the spans themselves tell as much.
    const isUnknown = ConnectorError.is(error) && error.code === 'UPSTREAM_5XX' && !error.retryable;
    if (!isUnknown && codeOf(error) !== 'NOT_FOUND') throw error;
    return (await search(http, query)).map((each) => ({ ...each, spans: [] }));
  }
}

const codeOf = (error: unknown): string | undefined => (ConnectorError.is(error) ? error.code : undefined);

function toSummary(item: z.output<typeof summaryItem>): Trace {
  const { rootServiceName: service, rootOperationName: name } = item;
  const start = BigInt(item.minStartTimeUnixNano ?? 0);
  const end = BigInt(item.maxEndTimeUnixNano ?? start);
  return {
    trace_id: toHexId(item.traceId, TRACE_ID_BYTES),
    services: (item.services ?? []).map((each) => each.name),
    ...(service ? { root: { service, name: name ?? '' } } : {}),
    start_time: toIso(start),
    duration_ms: toMs(end - start),
    span_count: item.spanCount ?? 0,
    error_span_count: item.errorSpanCount ?? 0,
    spans: [],
  };
}
