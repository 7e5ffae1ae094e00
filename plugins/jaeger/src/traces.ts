import { z } from 'zod';
import type { JsonValue } from '@automate/sdk';
import type { OtlpSpan, OtlpTraces } from './otlp.ts';
import { toAttributes } from './otlp.ts';
import { toHexId } from './ids.ts';

const jsonValue: z.ZodType<JsonValue> = z.any();
const attributes = z.record(z.string(), jsonValue);

const span = z.object({
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
});

/** A trace with its spans in order of time. */
export const trace = z.object({
  trace_id: z.string(),
  services: z.array(z.string()),
  start_time: z.string(),
  duration_ms: z.number(),
  span_count: z.int().describe('Spans that it has; `spans` holds the first of them where fewer were asked for'),
  spans: z.array(span),
});

/** How many spans of a trace are given. */
export const maxSpans = z
  .int()
  .min(0)
  .optional()
  .describe('Most spans of each trace, the first in order of time; 0 gives summaries alone. Default: all');

type Span = z.output<typeof span>;
type Trace = z.output<typeof trace>;

interface Placed {
  readonly traceId: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly span: Span;
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUSES = ['unset', 'ok', 'error'];

/** The spans of an answer, gathered by trace: OTLP has them by resource. At most so many of each trace are given. */
export function toTraces(data: OtlpTraces, most: number = Infinity): Trace[] {
  const byTrace = Map.groupBy(placeSpans(data), ({ traceId }) => traceId);
  return [...byTrace].map(([traceId, unordered]) => {
    const placed = unordered.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
    const start = placed[0]?.start ?? 0n;
    const end = placed.reduce((latest, each) => (each.end > latest ? each.end : latest), start);
    return {
      trace_id: traceId,
      services: [...new Set(placed.map(({ span: { service } }) => service))],
      start_time: toIso(start),
      duration_ms: toMs(end - start),
      span_count: placed.length,
      spans: placed.slice(0, most).map((each) => each.span),
    };
  });
}

function placeSpans({ resourceSpans = [] }: OtlpTraces): Placed[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const name = toAttributes(resource?.attributes)['service.name'];
    const service = typeof name === 'string' ? name : 'unknown';
    return scopeSpans.flatMap(({ spans = [] }) => spans.map((each) => placeSpan(service, each)));
  });
}

function placeSpan(service: string, data: OtlpSpan): Placed {
  const start = BigInt(data.startTimeUnixNano);
  const end = BigInt(data.endTimeUnixNano);
  const parent = toHexId('span', data.parentSpanId ?? '');
  return {
    traceId: toHexId('trace', data.traceId),
    start,
    end,
    span: {
      span_id: toHexId('span', data.spanId),
      // A root's parent is nothing, or all zeros.
      ...(/^0*$/.test(parent) ? {} : { parent_span_id: parent }),
      service,
      name: data.name ?? '',
      kind: nameOf(KINDS, data.kind, 'SPAN_KIND_'),
      start_time: toIso(start),
      duration_ms: toMs(end - start),
      status: nameOf(STATUSES, data.status?.code, 'STATUS_CODE_'),
      ...(data.status?.message === undefined || data.status.message === ''
        ? {}
        : { status_message: data.status.message }),
      attributes: toAttributes(data.attributes),
      events: (data.events ?? []).map((event) => ({
        name: event.name ?? '',
        ...(event.timeUnixNano === undefined ? {} : { time: toIso(BigInt(event.timeUnixNano)) }),
        attributes: toAttributes(event.attributes),
      })),
      links: (data.links ?? []).map((link) => ({
        trace_id: toHexId('trace', link.traceId),
        span_id: toHexId('span', link.spanId),
        attributes: toAttributes(link.attributes),
      })),
    },
  };
}

/** OTLP's JSON has enums as numbers, protobuf's own JSON as names. */
function nameOf(names: readonly string[], value: number | string | undefined, prefix: string): string {
  if (typeof value === 'string') return value.replace(prefix, '').toLowerCase();
  return names[value ?? 0] ?? String(value);
}

const toMs = (nanoseconds: bigint): number => Number(nanoseconds) / 1e6;

/** To the microsecond, which is what tells spans apart and what JavaScript's Date cannot hold. */
function toIso(nanoseconds: bigint): string {
  const date = new Date(Number(nanoseconds / 1_000_000n)).toISOString();
  const microseconds = String((nanoseconds / 1000n) % 1000n).padStart(3, '0');
  return date.replace('Z', `${microseconds}Z`);
}
