import { action, AuthFailedError, InvalidInputError, NotFoundError } from '@automate/sdk';
import type { HttpResponse, JsonValue } from '@automate/sdk';
import { tryJson } from '@automate/sdk/exchange';
import { z } from 'zod';
import type { GatewayClient } from '../gateway-client.ts';
import { badAnswer, parseAnswer } from '../gateway-error.ts';
import { defined } from '../outputs.ts';

const jsonValue: z.ZodType<JsonValue> = z.any();

const input = z.strictObject({
  tool: z.string().min(1).describe('Name of the tool, e.g. `sessions_list`'),
  action: z.string().min(1).optional().describe('For tools that do several things; goes into the arguments'),
  args: z.record(z.string(), jsonValue).default({}).describe("The tool's own arguments"),
  session_key: z.string().min(1).optional().describe('The conversation in whose name it runs. Default: the main one'),
});
const output = z.object({ result: jsonValue });
const success = z.object({ ok: z.literal(true), result: z.unknown() });
const failure = z.object({
  ok: z.literal(false).optional(),
  error: z.object({ message: z.string(), type: z.string().optional() }),
});

/** Calls one tool without an agent. */
export const invokeTool = (gateway: GatewayClient) =>
  action({
    description: "Calls one of the gateway's tools directly, as far as its policy allows, and gives what it returned.",
    input,
    output,
    sideEffects: true,
    idempotent: false,
    idempotencyKey: false,
    async run({ tool, action: verb, args, session_key: sessionKey }, context) {
      const body = defined({ tool, action: verb, args, sessionKey });
      const response = await gateway.post(context.http, '/tools/invoke', body as never);
      if (response.status !== 200) throw toolRefused(tool, response);
      const { result } = parseAnswer(success, response.json(), 'POST /tools/invoke');
      return { result: (result ?? null) as JsonValue };
    },
  });

function toolRefused(tool: string, response: HttpResponse): Error {
  const { status } = response;
  // What is not JSON is not the gateway's either.
  const parsed = failure.safeParse(tryJson(response));
  // Any server has a 404 for what it does not know; the gateway's own says which call it is about.
  if (!parsed.success || (status === 404 && parsed.data.ok === undefined)) {
    return badAnswer('POST /tools/invoke', `status ${status} in another form`);
  }
  const { message, type } = parsed.data.error;
  const options = { details: { status, ...(type === undefined ? {} : { gateway_error: type }) } };
  if (status === 404) return new NotFoundError(`the gateway has or allows no tool "${tool}": ${message}`, options);
  if (type === 'unauthorized') return new AuthFailedError(message, options);
  return new InvalidInputError(`the tool "${tool}" refused its arguments: ${message}`, options);
}
