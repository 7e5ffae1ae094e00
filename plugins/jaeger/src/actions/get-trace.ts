import { action, NotFoundError } from '@automate/sdk';
import { z } from 'zod';
import { moment } from '../inputs.ts';
import { askJaeger } from '../jaeger-client.ts';
import { tracesAnswer } from '../otlp.ts';
import { toTraces, trace } from '../traces.ts';

const input = z.strictObject({
  trace_id: z
    .string()
    .regex(/^[0-9a-fA-F]{16}([0-9a-fA-F]{16})?$/, 'expected 16 or 32 hexadecimal digits')
    .describe('Id of the trace'),
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
  async run({ trace_id, start_time, end_time }, { http }) {
    const query = { startTime: start_time, start_time, endTime: end_time, end_time };
    const [found] = toTraces(await askJaeger(http, `/api/v3/traces/${trace_id}`, query, tracesAnswer));
    if (found === undefined) throw new NotFoundError(`Jaeger has no spans of the trace ${trace_id}`);
    return { trace: found };
  },
});
