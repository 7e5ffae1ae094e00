import { z } from 'zod';
import { isNoId, SPAN_ID_BYTES, toHexId, TRACE_ID_BYTES } from './ids.ts';
import type { nanoseconds, OtlpSpan, ResourceSpans } from './otlp.ts';
import { toAttributes } from './otlp.ts';
import { shortenSpan } from './shorten-span.ts';
import type { Span } from './span.ts';
import { span } from './span.ts';

/** A trace with its spans in order of time, as many as were asked for and fit. */
export const trace = z.object({
  trace_id: z.string().describe('32 hexadecimal digits'),
  services: z.array(z.string()),
  root: z
    .object({ service: z.string(), name: z.string() })
    .optional()
    .describe('The span that began it, where it is known'),
  start_time: z.string(),
  duration_ms: z.number(),
  span_count: z.int().describe('Of the whole trace'),
  error_span_count: z.int().describe('How many of them ended in an error'),
  spans: z.array(span),
  next_span: z
    .int()
    .optional()
    .describe('Where the spans go on, as `first_span` of `get_trace`; absent after the last'),
});

export type Trace = z.output<typeof trace>;

interface Placed {
  readonly traceId: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly span: Span;
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUSES = ['unset', 'ok', 'error'];

/** Of all spans of a result, as JSON: the host takes 3 MiB, and traces are more than their spans. */
const MOST_SPAN_BYTES = 2.5 * 1024 * 1024;

/** The spans of an answer, gathered by trace: OTLP has them by resource. */
export function toTraces(groups: readonly ResourceSpans[]): Trace[] {
  const byTrace = Map.groupBy(placeSpans(groups), ({ traceId }) => traceId);
  return [...byTrace].map(([traceId, unordered]) => {
    const placed = unordered.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
    const start = placed[0]?.start ?? 0n;
    const end = placed.reduce((latest, each) => (each.end > latest ? each.end : latest), start);
    const spans = placed.map((each) => each.span);
    const root = spans.find(({ parent_span_id: parent }) => parent === undefined);
    return {
      trace_id: traceId,
      services: [...new Set(spans.map(({ service }) => service))],
      ...(root === undefined ? {} : { root: { service: root.service, name: root.name } }),
      start_time: toIso(start),
      duration_ms: toMs(end - start),
      span_count: spans.length,
      error_span_count: spans.filter(({ status }) => status === 'error').length,
      spans,
    };
  });
}

/** Holds the spans of each trace to a number, and those of all to what a result may hold. */
export function cutSpans(
  traces: readonly Trace[],
  { first = 0, most = Number.POSITIVE_INFINITY }: { readonly first?: number; readonly most?: number | undefined },
): Trace[] {
  let left = MOST_SPAN_BYTES;
  return traces.map((each) => {
    const spans: Span[] = [];
    for (const one of each.spans.slice(first, first + most)) {
      const size = sizeOf(one);
      // A span that would fit into no result would never be given, and nor would those after it.
      const fitting = size > MOST_SPAN_BYTES ? shortenSpan(one) : one;
      left -= fitting === one ? size : sizeOf(fitting);
      if (left < 0) break;
      spans.push(fitting);
    }
    const next = first + spans.length;
    return { ...each, spans, ...(next < each.span_count ? { next_span: next } : {}) };
  });
}

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

function placeSpans(groups: readonly ResourceSpans[]): Placed[] {
  return groups.flatMap(({ resource, scopeSpans }) => {
    const name = toAttributes(resource?.attributes)['service.name'];
    const service = typeof name === 'string' ? name : 'unknown';
    return (scopeSpans ?? []).flatMap(({ spans }) => (spans ?? []).map((each) => placeSpan(service, each)));
  });
}

function placeSpan(service: string, data: OtlpSpan): Placed {
  const start = BigInt(data.startTimeUnixNano ?? 0);
  const ended = BigInt(data.endTimeUnixNano ?? 0);
  // A span without an end has lasted no time that is known.
  const end = ended === 0n ? start : ended;
  const { status, parentSpanId } = data;
  return {
    traceId: toHexId(data.traceId, TRACE_ID_BYTES),
    start,
    end,
    span: {
      span_id: toHexId(data.spanId, SPAN_ID_BYTES),
      ...(isNoId(parentSpanId) ? {} : { parent_span_id: toHexId(parentSpanId, SPAN_ID_BYTES) }),
      service,
      name: data.name ?? '',
      kind: enumName(KINDS, data.kind, 'SPAN_KIND_'),
      start_time: toIso(start),
      duration_ms: toMs(end - start),
      status: enumName(STATUSES, status?.code, 'STATUS_CODE_'),
      ...(status?.message ? { status_message: status.message } : {}),
      attributes: toAttributes(data.attributes),
      events: (data.events ?? []).map((event) => ({
        name: event.name ?? '',
        ...(event.timeUnixNano ? { time: toIso(event.timeUnixNano) } : {}),
        attributes: toAttributes(event.attributes),
      })),
      links: (data.links ?? []).map((link) => ({
        trace_id: toHexId(link.traceId, TRACE_ID_BYTES),
        span_id: toHexId(link.spanId, SPAN_ID_BYTES),
        attributes: toAttributes(link.attributes),
      })),
    },
  };
}

/** OTLP's JSON has enums as numbers, protobuf's own JSON as names. */
function enumName(names: readonly string[], value: number | string | null | undefined, prefix: string): string {
  if (typeof value === 'string') return value.replace(prefix, '').toLowerCase();
  return names[value ?? 0] ?? String(value);
}

export const toMs = (nanos: bigint): number => Number(nanos) / 1e6;

/** To the microsecond, which is what tells spans apart and what JavaScript's Date cannot hold. */
export function toIso(moment: bigint | z.output<typeof nanoseconds>): string {
  const nanos = BigInt(moment ?? 0);
  const date = new Date(Number(nanos / 1_000_000n)).toISOString();
  const microseconds = String((nanos / 1000n) % 1000n).padStart(3, '0');
  return date.replace('Z', `${microseconds}Z`);
}
