import { action, NotFoundError } from '@automate/sdk';
import { z } from 'zod';
import { toHexId } from '../ids.ts';
import { moment } from '../inputs.ts';
import { askJaeger } from '../jaeger-client.ts';
import { tracesAnswer } from '../otlp.ts';
import { maxSpans, toTraces, trace } from '../traces.ts';

const input = z.strictObject({
  trace_id: z
    .string()
    .regex(/^([0-9a-fA-F]{1,32}|[A-Za-z0-9+/]{22}==)$/, 'expected up to 32 hexadecimal digits, or 16 bytes as base64')
    .describe('Id of the trace, in hexadecimal digits or base64'),
  max_spans: maxSpans,
  start_time: moment.optional().describe('Where it is known, the time to look at: some storages are quicker then'),
  end_time: moment.optional(),
});

const output = z.object({ trace });

/** One trace. */
export const getTrace = action({
  description: 'Gives one trace with all of its spans.',
  input,
  output,
  sideEffects: false,
  idempotent: true,
  async run({ trace_id, max_spans, start_time, end_time }, { http }) {
    const query = { startTime: start_time, start_time, endTime: end_time, end_time };
    const path = `/api/v3/traces/${toHexId('trace', trace_id)}`;
    const [found] = toTraces(await askJaeger(http, path, query, tracesAnswer), max_spans);
    if (found === undefined) throw new NotFoundError(`Jaeger has no spans of the trace ${trace_id}`);
    return { trace: found };
  },
});
