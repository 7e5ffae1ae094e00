import { action } from '@automate/sdk';
import type { HttpRequest } from '@automate/sdk';
import { z } from 'zod';
import { exchange } from '../http-exchange.ts';
import { exchangeInput, exchangeOutput, jsonValue } from '../schemas.ts';

const bodies = ['json', 'form', 'text', 'base64'] as const;

const input = z
  .strictObject({
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET'),
    ...exchangeInput,
    json: jsonValue.optional().describe('The body as JSON'),
    form: z.record(z.string(), z.string()).optional().describe('The body as a form'),
    text: z.string().optional().describe('The body as text'),
    base64: z.base64().optional().describe('The body as bytes'),
  })
  .refine((request) => bodies.filter((name) => request[name] !== undefined).length <= 1, {
    error: 'expected at most one of json, form, text and base64',
  });

/** Any request. What it does over there nobody here knows, so it is never repeated after an unknown outcome. */
export const request = action({
  description:
    'Sends a request of any method and gives the answer: status, headers, and the body as JSON, text or base64.',
  input,
  output: exchangeOutput,
  sideEffects: true,
  idempotent: false,
  run: (payload, { http }) => exchange(http, payload.method, payload, bodyOf(payload)),
});

function bodyOf({ json, form, text, base64 }: z.output<typeof input>): Pick<HttpRequest, 'json' | 'form' | 'body'> {
  if (json !== undefined) return { json };
  if (form !== undefined) return { form };
  if (text !== undefined) return { body: text };
  return base64 === undefined ? {} : { body: Buffer.from(base64, 'base64') };
}
