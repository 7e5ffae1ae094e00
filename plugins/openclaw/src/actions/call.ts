import { action } from '@automate/sdk';
import { jsonValue } from '@automate/sdk/exchange';
import { z } from 'zod';
import type { GatewayClient } from '../gateway-client.ts';

const input = z.strictObject({
  method: z
    .string()
    .regex(/^(?!connect$)[a-z][\w.-]*$/i, "expected the name of one of the gateway's methods, such as sessions.get")
    .describe('E.g. `sessions.get`'),
  params: z.record(z.string(), jsonValue).default({}).describe("The method's own parameters"),
});
const output = z.object({ result: jsonValue.describe("The gateway's answer") });

/** Any of the gateway's methods, for what has no action of its own. */
export const call = (gateway: GatewayClient) =>
  action({
    description: "Calls any of the gateway's methods that the connector's scopes allow, and gives its answer.",
    input,
    output,
    sideEffects: true,
    idempotent: false,
    idempotencyKey: false,
    async run({ method, params }, context) {
      const result = await gateway.request(context, method, params);
      return { result: (result ?? null) as z.output<typeof jsonValue> };
    },
  });
