import { action, NotFoundError } from '@automate/sdk';
import { z } from 'zod';
import { toHexId, TRACE_ID_BYTES } from '../ids.ts';
import { moment } from '../inputs.ts';
import { askJaeger } from '../jaeger-client.ts';
import { resourceSpans } from '../otlp.ts';
import { cutSpans, toTraces, trace } from '../traces.ts';

const input = z.strictObject({
  trace_id: z
    .string()
    .regex(/^([0-9a-fA-F]{1,32}|[\w+/-]{22}(==)?)$/, 'expected up to 32 hexadecimal digits, or 16 bytes as base64')
    .describe('Id of the trace: hexadecimal digits, with or without leading zeros, or base64'),
  start_time: moment.optional().describe('Where it is known, the time to look at: some storages are quicker then'),
  end_time: moment.optional(),
  first_span: z.int().nonnegative().default(0).describe('`next_span` of the answer before, to read a large trace on'),
  max_spans: z.int().min(1).optional().describe('Most spans. Default: all, as far as they fit into a result'),
  summary: z.boolean().default(false).describe('Whether the trace is given without its spans'),
});

const output = z.object({ trace });

/** One trace. */
export const getTrace = action({
  description: 'Gives one trace with its spans, a large one in several parts.',
  input,
  output,
  sideEffects: false,
  idempotent: true,
  async run({ trace_id, start_time, end_time, first_span, max_spans, summary }, { http }) {
    const id = toHexId(trace_id, TRACE_ID_BYTES);
    const query = { startTime: start_time, start_time, endTime: end_time, end_time };
    const groups = await askJaeger(http, {
      path: `/api/v3/traces/${id}`,
      query,
      list: 'resourceSpans',
      item: resourceSpans,
      search: true,
    });
    const [found] = toTraces(groups);
    if (found === undefined) throw new NotFoundError(`Jaeger has no spans of the trace ${id}`);
    const part = summary ? { most: 0 } : { first: first_span, most: max_spans };
    const [cut = found] = cutSpans([found], part);
    return { trace: cut };
  },
});
