import { action } from '@automate/sdk';
import { z } from 'zod';
import { moment } from '../inputs.ts';
import { askJaeger } from '../jaeger-client.ts';

const input = z.strictObject({
  start_time: moment.optional().describe('Default: a day before end_time'),
  end_time: moment.optional().describe('Default: now'),
});

const output = z.object({
  dependencies: z.array(
    z.object({
      parent: z.string().describe('The service that calls'),
      child: z.string().describe('The service that is called'),
      call_count: z.int(),
    }),
  ),
});

const dependency = z.object({
  parent: z.string(),
  child: z.string(),
  // Text, as protobuf's JSON has whole numbers of 64 bits; absent where it is zero.
  callCount: z.union([z.string().regex(/^\d{1,15}$/), z.int().nonnegative()]).nullish(),
});

const DAY_MS = 86_400_000;

/** Which service calls which. */
export const getDependencies = action({
  description: 'Tells which service calls which, and how often, within a span of time.',
  input,
  output,
  sideEffects: false,
  idempotent: true,
  async run({ start_time, end_time }, { http }) {
    const end = end_time === undefined ? Date.now() : Date.parse(end_time);
    const query = {
      startTime: start_time ?? new Date(end - DAY_MS).toISOString(),
      endTime: end_time ?? new Date(end).toISOString(),
    };
    const path = '/api/v3/dependencies';
    const found = await askJaeger(http, { path, query, list: 'dependencies', item: dependency });
    return {
      dependencies: found.map(({ parent, child, callCount }) => ({
        parent,
        child,
        call_count: Number(callCount ?? 0),
      })),
    };
  },
});
