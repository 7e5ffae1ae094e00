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
  const as = form === 'auto' ? formOf(response) : form;
  if (as === 'json') return { json: response.json() };
  if (as === 'text') return { text: response.text() };
  return { base64: Buffer.from(response.body).toString('base64') };
}

function formOf(response: HttpResponse): 'json' | 'text' | 'base64' {
  const type = (response.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (/^application\/(json|[\w.-]+\+json)$/.test(type)) return 'json';
  const isText = /^(text\/.*|application\/(xml|[\w.-]+\+xml|javascript|yaml|x-ndjson|x-www-form-urlencoded))$/.test(
    type,
  );
  return isText && isReadable(response) ? 'text' : 'base64';
}

/** What calls itself text and is none in its charset stays what it is as bytes. */
function isReadable(response: HttpResponse): boolean {
  try {
    response.text();
    return true;
  } catch {
    return false;
  }
}
