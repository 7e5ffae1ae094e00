import { z } from 'zod';

/** The version of the gateway's protocol that this connector speaks. */
export const PROTOCOL = 4;

export const errorShape = z.object({
  code: z.string(),
  message: z.string(),
  details: z.unknown().optional(),
  retryable: z.boolean().optional(),
  retryAfterMs: z.number().optional(),
});
export type ErrorShape = z.output<typeof errorShape>;

/** What the gateway sends: answers to requests, and events that nobody asked for. */
export const inboundFrame = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('res'),
    id: z.string(),
    ok: z.boolean(),
    payload: z.unknown().optional(),
    error: errorShape.optional(),
  }),
  z.object({ type: z.literal('event'), event: z.string(), payload: z.unknown().optional() }),
]);
export type InboundFrame = z.output<typeof inboundFrame>;

/** What of the answer to `connect` matters here. */
export const helloOk = z.object({
  type: z.literal('hello-ok'),
  protocol: z.literal(PROTOCOL),
  server: z.object({ version: z.string() }),
  auth: z.object({ scopes: z.array(z.string()) }),
  policy: z.object({ maxPayload: z.int().positive(), tickIntervalMs: z.int().positive() }),
});
export type HelloOk = z.output<typeof helloOk>;

/** An event of a run. */
export const agentEvent = z.object({
  runId: z.string(),
  stream: z.string(),
  seq: z.number(),
  sessionKey: z.string().optional(),
  data: z.record(z.string(), z.unknown()),
});
export type AgentEvent = z.output<typeof agentEvent>;
