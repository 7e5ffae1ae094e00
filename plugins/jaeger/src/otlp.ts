import type { JsonValue } from '@automate/sdk';
import { z } from 'zod';

/** OTLP's tagged values. 64-bit integers are text, as protobuf's JSON has them. */
interface AnyValue {
  readonly stringValue?: string | null | undefined;
  readonly boolValue?: boolean | null | undefined;
  readonly intValue?: string | number | null | undefined;
  readonly doubleValue?: number | string | null | undefined;
  readonly bytesValue?: string | null | undefined;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] | null | undefined } | null | undefined;
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] | null | undefined } | null | undefined;
}

interface KeyValue {
  readonly key: string;
  readonly value?: AnyValue | null | undefined;
}

/** Lists and maps within each other that are given; deeper ones no result could hold. */
const MOST_LEVELS = 32;
/** What stands for a value that lies deeper. */
const TOO_DEEP = '…';

const scalars = {
  stringValue: z.string().nullish(),
  boolValue: z.boolean().nullish(),
  intValue: z.union([z.string(), z.number()]).nullish(),
  doubleValue: z.union([z.number(), z.string()]).nullish(),
  bytesValue: z.string().nullish(),
};

const keyValueOf = (value: z.ZodType<AnyValue>): z.ZodType<KeyValue> =>
  z.object({ key: z.string(), value: value.nullish() });

/** Level by level, since a schema that refers to itself fails over what is nested deep enough. */
function anyValueOf(levels: number): z.ZodType<AnyValue> {
  if (levels === 0) return z.any().transform(() => ({ stringValue: TOO_DEEP }));
  const inner = anyValueOf(levels - 1);
  return z.object({
    ...scalars,
    arrayValue: z.object({ values: z.array(inner).nullish() }).nullish(),
    kvlistValue: z.object({ values: z.array(keyValueOf(inner)).nullish() }).nullish(),
  });
}

const keyValue = keyValueOf(anyValueOf(MOST_LEVELS));
const attributes = z.array(keyValue).nullish();
/** Text, as it is beyond what numbers hold; absent where it is zero. Of 64 bits, so that every one is a date. */
export const nanoseconds = z
  .union([
    z.string().regex(/^\d{1,20}$/),
    z
      .number()
      .nonnegative()
      .lt(2 ** 64)
      .refine(Number.isInteger),
  ])
  .nullish();

const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().nullish(),
  name: z.string().nullish(),
  kind: z.union([z.int(), z.string()]).nullish(),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  events: z.array(z.object({ name: z.string().nullish(), timeUnixNano: nanoseconds, attributes })).nullish(),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string(), attributes })).nullish(),
  status: z.object({ code: z.union([z.int(), z.string()]).nullish(), message: z.string().nullish() }).nullish(),
});

/** Spans of one resource: what `resourceSpans` of an answer with traces holds. */
export const resourceSpans = z.object({
  resource: z.object({ attributes }).nullish(),
  scopeSpans: z.array(z.object({ spans: z.array(span).nullish() })).nullish(),
});

export type ResourceSpans = z.output<typeof resourceSpans>;
export type OtlpSpan = z.output<typeof span>;
type OtlpAttributes = readonly KeyValue[] | null | undefined;

/** Attributes as a plain object. Integers that fit become numbers, the rest stays text. */
export function toAttributes(list: OtlpAttributes): Record<string, JsonValue> {
  return Object.fromEntries((list ?? []).map(({ key, value }) => [key, toJson(value ?? {})]));
}

function toJson(value: AnyValue): JsonValue {
  const { intValue, arrayValue, kvlistValue } = value;
  if (intValue !== undefined && intValue !== null) return toNumber(intValue);
  if (arrayValue) return (arrayValue.values ?? []).map(toJson);
  if (kvlistValue) return toAttributes(kvlistValue.values);
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? value.bytesValue ?? null;
}

function toNumber(value: string | number): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
