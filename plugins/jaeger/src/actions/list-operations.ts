import { action } from '@automate/sdk';
import { z } from 'zod';
import { askJaeger } from '../jaeger-client.ts';

const input = z.strictObject({
  service: z.string().min(1),
  span_kind: z.enum(['internal', 'server', 'client', 'producer', 'consumer']).optional(),
});

const output = z.object({ operations: z.array(z.object({ name: z.string(), span_kind: z.string() })) });

const operation = z.object({ name: z.string(), spanKind: z.string().nullish(), span_kind: z.string().nullish() });

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
    const operations = await askJaeger(http, {
      path: '/api/v3/operations',
      query,
      list: 'operations',
      item: operation,
    });
    return {
      operations: operations.map((each) => ({ name: each.name, span_kind: each.spanKind ?? each.span_kind ?? '' })),
    };
  },
});
