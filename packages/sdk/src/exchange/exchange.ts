import type { z } from 'zod';
import type { HttpMethod, HttpRequest, HttpResponse } from '../http-client.ts';
import type { exchangeInput, exchangeOutput } from './schemas.ts';

/** What a caller may say of any request. */
export type ExchangeInput = z.output<z.ZodObject<typeof exchangeInput>>;
type ExchangeOutput = z.output<typeof exchangeOutput>;

/** Sends one request and gives its answer as JSON can carry it. */
export async function exchange(
  send: (request: HttpRequest) => Promise<HttpResponse>,
  method: HttpMethod,
  input: ExchangeInput,
  body: Pick<HttpRequest, 'json' | 'form' | 'body'> = {},
): Promise<ExchangeOutput> {
  const { path, query, headers, accept_status: accepted } = input;
  const response = await send({
    method,
    path,
    ...body,
    ...(query === undefined ? {} : { query }),
    ...(headers === undefined ? {} : { headers }),
    ...(accepted === undefined ? {} : { accept: (status) => accepted === 'any' || accepted.includes(status) }),
    maxBytes: input.max_bytes,
  });
  return {
    status: response.status,
    headers: selectHeaders(response.headers, input.answer_headers),
    ...readBody(response, input.answer_as),
  };
}

/** Cookies are credentials, so they are given only to those who ask for them. */
function selectHeaders(
  headers: HttpResponse['headers'],
  wanted: readonly string[] | undefined,
): Record<string, string> {
  const names = wanted?.map((name) => name.toLowerCase());
  const keep = (name: string): boolean => (names === undefined ? name !== 'set-cookie' : names.includes(name));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => keep(name)));
}

function readBody(
  response: HttpResponse,
  form: ExchangeInput['answer_as'],
): Pick<ExchangeOutput, 'json' | 'text' | 'base64'> {
  if (response.body.byteLength === 0) return {};
  const as = form === 'auto' ? formOf(response.headers['content-type'] ?? '') : form;
  if (as === 'json') return { json: response.json() };
  if (as === 'text') return { text: response.text() };
  return { base64: Buffer.from(response.body).toString('base64') };
}

function formOf(contentType: string): 'json' | 'text' | 'base64' {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (/^application\/(json|[\w.-]+\+json)$/.test(type)) return 'json';
  // Text in another encoding than UTF-8 would come out garbled; as bytes it stays what it is.
  const charset = /charset="?([\w-]+)/i.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8';
  const isText = /^(text\/.*|application\/(xml|[\w.-]+\+xml|javascript|yaml|x-ndjson|x-www-form-urlencoded))$/.test(
    type,
  );
  return isText && (charset === 'utf-8' || charset === 'us-ascii') ? 'text' : 'base64';
}
