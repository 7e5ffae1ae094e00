import { action, fromJsonSchema } from '@automate/sdk';
import type { OperationPlan, Send } from '../send-operation.ts';

export type Input = Record<string, never>;
export type Output = readonly string[];

const PLAN: OperationPlan = { method: 'GET', path: '/items', parameters: [] };

/** GET /items */
export const listItems = (send: Send) =>
  action({
    description: 'Lists items.',
    input: fromJsonSchema<Input>({ type: 'object', additionalProperties: false }),
    output: fromJsonSchema<Output>({ type: 'array', items: { type: 'string' } }),
    sideEffects: false,
    idempotent: true,
    run: (input, call) => send<Output>(PLAN, input, call),
  });
