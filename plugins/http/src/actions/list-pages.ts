import { action, InvalidInputError, UpstreamError } from '@automate/sdk';
import type { HttpClient, HttpRequest, HttpResponse, JsonValue } from '@automate/sdk';
import { exchangeInput, jsonValue, readJson, toRequest } from '@automate/sdk/exchange';
import { z } from 'zod';

const { answer_as: _as, answer_headers: _headers, ...asked } = exchangeInput;

const input = z.strictObject({
  ...asked,
  items: z
    .string()
    .default('')
    .describe('Where the list stands in each answer, such as `data.items`; empty: the answer is the list'),
  next: z
    .enum(['link', 'url', 'cursor', 'page'])
    .default('link')
    .describe(
      'What leads to the next page: a `Link` header with rel="next", a URL or a cursor in the answer, or counting pages until one is empty',
    ),
  next_at: z
    .string()
    .min(1)
    .optional()
    .describe('For `url` and `cursor`: where it stands in the answer, such as `meta.next`'),
  param: z
    .string()
    .min(1)
    .optional()
    .describe('For `cursor` and `page`: the name of the query parameter. Default: `cursor` or `page`'),
  first_page: z.int().min(0).default(1).describe('For `page`: the number to begin with'),
  max_pages: z.int().min(1).max(100).default(10),
});

const output = z.object({
  items: z.array(jsonValue),
  pages: z.int(),
  complete: z.boolean().describe('Whether there is nothing more'),
  next: z
    .string()
    .optional()
    .describe('Where it would go on: a URL, a cursor or a number; there, unless it is complete'),
});

type Input = z.output<typeof input>;

/** Reads one page after the other. Bounded in pages and bytes; says where to go on. */
export const listPages = action({
  description:
    'Reads a list page by page with GET, following a Link header, a URL or a cursor in the answers, or page numbers.',
  input,
  output,
  sideEffects: false,
  idempotent: true,
  run: (payload, { http }) => readPages(http, payload),
});

async function readPages(http: HttpClient, payload: Input): Promise<z.input<typeof output>> {
  const { next: how, next_at: at, max_pages: maxPages, max_bytes: maxBytes } = payload;
  if ((how === 'url' || how === 'cursor') && at === undefined)
    throw new InvalidInputError(`next_at: expected where the ${how} stands in the answer`, {
      problems: [{ path: 'next_at', expected: `where the ${how} stands in the answer`, received: 'nothing' }],
    });
  const items: JsonValue[] = [];
  const been = new Set<string>();
  let left = maxBytes;
  let next = how === 'page' ? String(payload.first_page) : undefined;
  for (let pages = 0; ; pages += 1) {
    if (pages > 0 && next === undefined) return { items, pages, complete: true };
    if (pages === maxPages || left <= 0) return { items, pages, complete: false, next };
    const response = await http.request({ ...requestOf(payload, next), maxBytes });
    left -= response.body.byteLength;
    // What does not fit any more is read again from there.
    if (left < 0 && pages > 0) return { items, pages, complete: false, next };
    const answer = readJson(response);
    const page = listIn(response, answer, payload.items);
    items.push(...page);
    if (next !== undefined) been.add(next);
    next = nextOf({ response, answer, payload, before: next, count: page.length });
    // Else the same items would be given again and again.
    if (next !== undefined && been.has(next)) throw unusable(response, 'leads back to a page that was read already');
  }
}

function requestOf(payload: Input, next: string | undefined): HttpRequest {
  const request = toRequest('GET', payload);
  if (next === undefined) return request;
  // Such an address holds the query already.
  if (payload.next === 'link' || payload.next === 'url') return { ...request, path: next, query: {} };
  return { ...request, query: { ...request.query, [payload.param ?? payload.next]: next } };
}

/** A page that was read. */
interface Page {
  readonly response: HttpResponse;
  readonly answer: JsonValue;
  readonly payload: Input;
  /** What led to it. */
  readonly before: string | undefined;
  readonly count: number;
}

function nextOf({ response, answer, payload, before, count }: Page): string | undefined {
  switch (payload.next) {
    case 'page':
      return count === 0 ? undefined : String(Number(before) + 1);
    case 'link': {
      const target = linkOf(response.headers['link'] ?? '');
      return target === undefined ? undefined : urlOf(response, target);
    }
    default: {
      const found = valueAt(answer, payload.next_at ?? '');
      if (found === undefined || found === null || found === '' || found === false) return undefined;
      if (typeof found !== 'string' && typeof found !== 'number')
        throw unusable(response, `holds no text at "${payload.next_at}"`);
      return payload.next === 'url' ? urlOf(response, String(found)) : String(found);
    }
  }
}

function urlOf(response: HttpResponse, target: string): string {
  const url = URL.parse(target, response.url);
  if (url === null) throw unusable(response, 'names as its next page what is no URL');
  return url.href;
}

/** RFC 8288; one header may hold many links, and a URL may hold commas. */
function linkOf(header: string): string | undefined {
  for (const [, target, params = ''] of header.matchAll(
    /<([^>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"[^"]*"|[^\s";,]*))?)*)/g,
  )) {
    const [, quoted, bare] = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s";,]+))/i.exec(params) ?? [];
    if ((quoted ?? bare ?? '').toLowerCase().split(/\s+/).includes('next')) return target;
  }
  return undefined;
}

function listIn(response: HttpResponse, answer: JsonValue, path: string): readonly JsonValue[] {
  const list = valueAt(answer, path);
  if (Array.isArray(list)) return list;
  throw unusable(response, path === '' ? 'is no list' : `holds no list at "${path}"`);
}

function valueAt(value: JsonValue, path: string): JsonValue | undefined {
  let at: JsonValue | undefined = value;
  for (const key of path === '' ? [] : path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string, JsonValue>>)[key];
  }
  return at;
}

function unusable({ status }: HttpResponse, what: string): UpstreamError {
  return new UpstreamError(`the answer ${what}; check next, next_at and items against what the service answers`, {
    retryable: false,
    blame: 'caller',
    details: { status, reason: 'bad_page' },
  });
}
