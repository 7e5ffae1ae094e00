import { ConnectorError } from '@automate/contract';
import { z } from 'zod';
import type { ActionDefinition } from '../action.ts';
import { action } from '../action.ts';
import type { CallContext } from '../connector-context.ts';
import type { HttpPart, HttpRequest, HttpResponse } from '../http-client.ts';
import { SAFE_METHODS } from '../http/safe-methods.ts';
import { withEffect } from '../with-effect.ts';
import type { ExchangeBody } from './exchange.ts';
import { exchange } from './exchange.ts';
import { exchangeInput, exchangeOutput, jsonValue, pairs } from './schemas.ts';

/** How a kind sends a request: with headers of its own, or errors in its remote system's words. */
export type SendRequest = (request: HttpRequest, context: CallContext) => Promise<HttpResponse>;

const bodies = ['json', 'form', 'multipart', 'text', 'base64'] as const;

/** One part of a form of several. */
const part = z.strictObject({
  name: z.string(),
  text: z.string().optional().describe('Its content as text; a field, unless it has a file name'),
  base64: z.base64().optional().describe('Its content as bytes; a file'),
  filename: z.string().optional(),
  content_type: z.string().optional().describe('Of a file. Default: `application/octet-stream`'),
});

const input = z
  .strictObject({
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET'),
    ...exchangeInput,
    json: jsonValue.optional().describe('The body as JSON'),
    form: pairs.optional().describe('The body as a form. Lists repeat the name'),
    multipart: z.array(part).optional().describe('The body as `multipart/form-data`: fields and files'),
    text: z.string().optional().describe('The body as text'),
    base64: z.base64().optional().describe('The body as bytes'),
  })
  .refine((request) => bodies.filter((name) => request[name] !== undefined).length <= 1, {
    error: 'expected at most one of json, form, multipart, text and base64',
  })
  .refine(
    (request) =>
      request.multipart?.every(({ text, base64 }) => (text === undefined) !== (base64 === undefined)) ?? true,
    {
      error: 'expected either text or base64 in each part',
      path: ['multipart'],
    },
  );

/**
 * An action that sends any request to the connector's own endpoint, for what a kind has no action of its own. Which
 * requests change something nobody here knows, so it counts as changing and is never repeated after an unknown outcome;
 * only methods that change nothing by HTTP's own rules fail without effect.
 *
 * @param options.send default: `http.request` of the call
 */
export function callAction({
  description,
  send = (request, { http }) => http.request(request),
}: {
  readonly description: string;
  readonly send?: SendRequest;
}): ActionDefinition<z.output<typeof input>, z.input<typeof exchangeOutput>> {
  return action({
    description,
    input,
    output: exchangeOutput,
    sideEffects: true,
    idempotent: false,
    idempotencyKey: false,
    async run(payload, context) {
      try {
        return await exchange((request) => send(request, context), payload.method, payload, exchangeBody(payload));
      } catch (error) {
        throw SAFE_METHODS.has(payload.method) && ConnectorError.is(error) ? withEffect(error, 'none') : error;
      }
    },
  });
}

function exchangeBody({ json, form, multipart, text, base64 }: z.output<typeof input>): ExchangeBody {
  if (json !== undefined) return { json };
  if (form !== undefined) return { form };
  if (multipart !== undefined) return { multipart: multipart.map(partOf) };
  if (text !== undefined) return { body: text };
  return base64 === undefined ? {} : { body: Buffer.from(base64, 'base64') };
}

function partOf({ name, text, base64, filename, content_type: contentType }: z.output<typeof part>): HttpPart {
  return {
    name,
    value: text ?? Buffer.from(base64 ?? '', 'base64'),
    ...(filename === undefined ? {} : { filename }),
    ...(contentType === undefined ? {} : { contentType }),
  };
}
