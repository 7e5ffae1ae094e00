import { action } from '@automate/sdk';
import { z } from 'zod';
import { answerWith } from '../answer.ts';
import { askJaeger } from '../jaeger-client.ts';

const input = z.strictObject({
  service: z.string().min(1),
  span_kind: z.enum(['internal', 'server', 'client', 'producer', 'consumer']).optional(),
});

const output = z.object({ operations: z.array(z.object({ name: z.string(), span_kind: z.string() })) });

const answer = answerWith({
  operations: z.array(z.object({ name: z.string(), spanKind: z.string().optional() })).nullish(),
});

/** Names of the spans of one service. */
export const listOperations = action({
  description: 'Lists the operations of one service: the names of its spans.',
  input,
  output,
  sideEffects: false,
  idempotent: true,
  async run({ service, span_kind }, { http }) {
    // Released versions know the snake_case name only.
    const query = { service, spanKind: span_kind, span_kind };
    const { operations } = await askJaeger(http, '/api/v3/operations', query, answer);
    return { operations: (operations ?? []).map(({ name, spanKind }) => ({ name, span_kind: spanKind ?? '' })) };
  },
});
