import { textMap } from '@automate/sdk/exchange';
import { z } from 'zod';

export const labels = textMap;

/** Time in seconds, and the value as text, since JSON has neither NaN nor Inf. */
const sample = z.tuple([z.number(), z.string()]);
/** Native histograms: count, sum and buckets. */
const histogramSample = z.tuple([
  z.number(),
  z.object({
    count: z.string(),
    sum: z.string(),
    buckets: z
      .array(z.tuple([z.int(), z.string(), z.string(), z.string()]))
      .optional()
      .describe('Which of its bounds belong to it (as Prometheus numbers that), its lower and upper bound, its count'),
  }),
]);

const vector = z.array(z.object({ metric: labels, value: sample.optional(), histogram: histogramSample.optional() }));

const matrix = z.array(
  z.object({
    metric: labels,
    values: z.array(sample).optional(),
    histograms: z.array(histogramSample).optional(),
  }),
);

/** What the server remarked on an answer that it gave all the same. */
export const remarks = {
  warnings: z.array(z.string()).optional(),
  infos: z.array(z.string()).optional(),
  partial: z.literal(true).optional().describe('Present where a part of a cluster did not answer'),
};

export const truncated = z.boolean().describe('Whether the limit has cut the answer');

/** The server's `data` of a query, by its type. */
export const queryData = z.discriminatedUnion('resultType', [
  z.object({ resultType: z.literal('vector'), result: vector }),
  z.object({ resultType: z.literal('matrix'), result: matrix }),
  z.object({ resultType: z.literal('scalar'), result: sample }),
  z.object({ resultType: z.literal('string'), result: sample }),
]);

/** A query's answer, by its type. */
export const queryResult = z.discriminatedUnion('result_type', [
  z.object({ result_type: z.literal('vector'), result: vector, truncated, ...remarks }),
  z.object({ result_type: z.literal('matrix'), result: matrix, truncated, ...remarks }),
  z.object({ result_type: z.literal('scalar'), result: sample, truncated, ...remarks }),
  z.object({ result_type: z.literal('string'), result: sample, truncated, ...remarks }),
]);
export type QueryResult = z.output<typeof queryResult>;

/** A list of names. */
export const nameList = z.object({ values: z.array(z.string()), truncated, ...remarks });
