import type { JsonValue } from '@automate/contract';
import { UpstreamError } from '@automate/contract';
import { scanJson } from '@automate/contract/json-text';
import type { z } from 'zod';
import type { HttpMethod, HttpRequest, HttpResponse } from '../http-client.ts';
import type { exchangeInput, exchangeOutput } from './schemas.ts';

/** What a caller may say of any request. */
export type ExchangeInput = z.output<z.ZodObject<typeof exchangeInput>>;
/** A request's body in one of its forms. */
export type ExchangeBody = Pick<HttpRequest, 'json' | 'form' | 'multipart' | 'body'>;
type ExchangeOutput = z.output<typeof exchangeOutput>;

/** What a caller said, as `http` takes it. */
export function toRequest(method: HttpMethod, input: Omit<ExchangeInput, 'answer_as' | 'answer_headers'>): HttpRequest {
  const { path, query, headers, redirects } = input;
  return {
    method,
    path,
    ...(query === undefined ? {} : { query }),
    ...(headers === undefined ? {} : { headers }),
    ...(redirects === 'any_origin' ? { anyOrigin: true } : {}),
    ...acceptOf(input),
    maxBytes: input.max_bytes,
  };
}

function acceptOf({
  accept_status: accepted,
  redirects,
}: Pick<ExchangeInput, 'accept_status' | 'redirects'>): Pick<HttpRequest, 'accept'> {
  if (accepted === undefined && redirects !== 'none') return {};
  const byCaller = (status: number): boolean =>
    accepted === undefined ? status >= 200 && status <= 299 : accepted === 'any' || accepted.includes(status);
  return { accept: (status) => byCaller(status) || (redirects === 'none' && status >= 300 && status <= 399) };
}

/** Sends one request and gives its answer as JSON can carry it. */
export async function exchange(
  send: (request: HttpRequest) => Promise<HttpResponse>,
  method: HttpMethod,
  input: ExchangeInput,
  body: ExchangeBody = {},
): Promise<ExchangeOutput> {
  const response = await send({ ...toRequest(method, input), ...body });
  return {
    status: response.status,
    headers: selectHeaders(response.headersDistinct, input.answer_headers),
    ...readBody(response, input.answer_as),
  };
}

/** Cookies are credentials, so they are given only to those who ask for them. */
function selectHeaders(
  headers: HttpResponse['headersDistinct'],
  wanted: readonly string[] | undefined,
): Record<string, string | readonly string[]> {
  const names = wanted?.map((name) => name.toLowerCase());
  const keep = (name: string): boolean => (names === undefined ? name !== 'set-cookie' : names.includes(name));
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => keep(name))
      .map(([name, values]) => [name, values.length === 1 ? (values[0] as string) : values]),
  );
}

function readBody(
  response: HttpResponse,
  form: ExchangeInput['answer_as'],
): Pick<ExchangeOutput, 'json' | 'text' | 'base64'> {
  if (response.body.byteLength === 0) return {};
  const as = form === 'auto' ? formOf(response) : form;
  if (as === 'json') {
    const json = response.json();
    const key = repeatedKey(response);
    if (key === undefined) return { json };
    // As text nothing of it is lost.
    if (form === 'auto') return { text: response.text() };
    throw repeated(key);
  }
  if (as === 'text') return { text: response.text() };
  return { base64: Buffer.from(response.body).toString('base64') };
}

/**
 * An answer as JSON.
 *
 * @throws UpstreamError where it is none, or where a key stands twice in one object: one of the values would be lost
 */
export function readJson(response: HttpResponse): JsonValue {
  const json = response.json();
  const key = repeatedKey(response);
  if (key === undefined) return json;
  throw repeated(key);
}

/** An answer as JSON; undefined where it is none, and so the word of something else than was asked. */
export function tryJson(response: HttpResponse): JsonValue | undefined {
  try {
    return response.json();
  } catch {
    return undefined;
  }
}

function repeated(key: string): UpstreamError {
  return new UpstreamError(
    `the answer has the key "${key}" twice in one object, so that as JSON one of the values would be lost; ask for it as text`,
    { retryable: false, details: { reason: 'repeated_key', key } },
  );
}

function repeatedKey(response: HttpResponse): string | undefined {
  const scan = scanJson(response.text(), { only: 'duplicate-key' });
  return scan.ok ? scan.findings[0]?.path.join('.') : undefined;
}

function formOf(response: HttpResponse): 'json' | 'text' | 'base64' {
  const type = (response.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (/^[\w-]+\/([\w.-]+\+)?json$/.test(type)) return 'json';
  const isText =
    /^(text\/.*|[\w-]+\/[\w.-]+\+xml|application\/(xml|javascript|yaml|x-ndjson|x-www-form-urlencoded))$/.test(type);
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
