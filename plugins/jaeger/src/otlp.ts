import type { JsonValue } from '@automate/sdk';
import { z } from 'zod';
import { answerWith } from './answer.ts';

/** OTLP's tagged values. 64-bit integers are text, as protobuf's JSON has them. */
interface AnyValue {
  readonly stringValue?: string | undefined;
  readonly boolValue?: boolean | undefined;
  readonly intValue?: string | number | undefined;
  readonly doubleValue?: number | string | undefined;
  readonly bytesValue?: string | undefined;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] | undefined } | undefined;
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] | undefined } | undefined;
}

interface KeyValue {
  readonly key: string;
  readonly value?: AnyValue | undefined;
}

const anyValue: z.ZodType<AnyValue> = z.lazy(() =>
  z.object({
    stringValue: z.string().optional(),
    boolValue: z.boolean().optional(),
    intValue: z.union([z.string(), z.number()]).optional(),
    doubleValue: z.union([z.number(), z.string()]).optional(),
    bytesValue: z.string().optional(),
    arrayValue: z.object({ values: z.array(anyValue).optional() }).optional(),
    kvlistValue: z.object({ values: z.array(keyValue).optional() }).optional(),
  }),
);

const keyValue: z.ZodType<KeyValue> = z.lazy(() => z.object({ key: z.string(), value: anyValue.optional() }));

const attributes = z.array(keyValue).optional();
const nanoseconds = z.union([z.string().regex(/^\d+$/), z.number()]);

const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string().optional(),
  kind: z.union([z.int(), z.string()]).optional(),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  events: z
    .array(z.object({ name: z.string().optional(), timeUnixNano: nanoseconds.optional(), attributes }))
    .optional(),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string(), attributes })).optional(),
  status: z.object({ code: z.union([z.int(), z.string()]).optional(), message: z.string().optional() }).optional(),
});

const tracesData = answerWith({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes }).optional(),
        scopeSpans: z
          .array(
            z.object({ scope: z.object({ name: z.string().optional() }).optional(), spans: z.array(span).optional() }),
          )
          .optional(),
      }),
    )
    .optional(),
});

export type OtlpTraces = z.output<typeof tracesData>;
export type OtlpSpan = z.output<typeof span>;
export type OtlpAttributes = z.output<typeof attributes>;

/** TracesData as the published API has it, or wrapped in `result` as released versions send it. */
export const tracesAnswer = z.union([z.object({ result: tracesData }).transform(({ result }) => result), tracesData]);

/** Attributes as a plain object. Integers that fit become numbers, the rest stays text. */
export function toAttributes(list: OtlpAttributes): Record<string, JsonValue> {
  return Object.fromEntries((list ?? []).map(({ key, value }) => [key, toJson(value ?? {})]));
}

function toJson(value: AnyValue): JsonValue {
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined) return toNumber(value.intValue);
  if (value.doubleValue !== undefined) return value.doubleValue;
  if (value.bytesValue !== undefined) return value.bytesValue;
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(toJson);
  if (value.kvlistValue !== undefined) {
    return Object.fromEntries((value.kvlistValue.values ?? []).map((entry) => [entry.key, toJson(entry.value ?? {})]));
  }
  return null;
}

function toNumber(value: string | number): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
