import type { ErrorReason } from '@automate/contract';
import { buildEndpoint, ConfigInvalidError, InvalidInputError } from '@automate/contract';
import type { ResolvedConfig } from '../connector-context.ts';
import type { HttpRequest, QueryValue } from '../http-client.ts';

const WHOLE_URL = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Where a request goes, and whose place that is. */
export interface Target {
  readonly url: URL;
  /**
   * Below the connector's own endpoint (`own`), elsewhere (`foreign`), or a whole URL where no host is configured
   * (`open`): the credentials then go along only when asked for by name.
   */
  readonly place: 'own' | 'foreign' | 'open';
}

/**
 * The URL of a request: below the endpoint and its base path, or a whole URL there. A path that climbs out of the base
 * path, or names another origin, is refused, since parts of it may come from a caller; unless the request is for any.
 */
export function resolveTarget(id: string, config: ResolvedConfig, request: HttpRequest): Target {
  const endpoint = buildEndpoint(config);
  const whole = WHOLE_URL.test(request.path);
  if (endpoint === '' && !whole) {
    throw new ConfigInvalidError(
      `connector "${id}" has no host to send "${withoutQuery(request.path)}" to; the operator must set host`,
      {
        details: { reason: 'no_endpoint' },
      },
    );
  }
  const base = endpoint === '' ? undefined : parseUrl(endpoint);
  if (base !== undefined && base.protocol !== 'http:' && base.protocol !== 'https:') {
    throw new ConfigInvalidError(
      `connector "${id}" speaks HTTP, and its scheme is "${config.scheme}"; the operator must set http or https`,
      {
        details: { reason: 'bad_scheme' },
      },
    );
  }
  assertSendable(request.path, whole);
  const path = request.path.replaceAll(' ', '%20');
  const url = parseUrl(whole ? path : `${endpoint}/${path.replace(/^\//, '')}`);
  if (url.username !== '' || url.password !== '')
    throw targetRefused(id, url, 'credentials in a URL are not sent', 'url_credentials');
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw targetRefused(id, url, 'it is no HTTP address', 'bad_scheme');
  const outside = base === undefined ? undefined : whyOutside(base, url);
  if (outside !== undefined && !(whole && request.anyOrigin === true)) throw targetRefused(id, url, ...outside);
  addQuery(url, request.query);
  url.hash = '';
  return { url, place: base === undefined ? 'open' : outside === undefined ? 'own' : 'foreign' };
}

/** What a URL would lose or change without a word. */
function assertSendable(path: string, whole: boolean): void {
  const fault = /[\0-\x1f\x7f]/.test(path)
    ? 'it holds control characters'
    : !path.isWellFormed()
      ? 'it holds half a character'
      : !whole && path.includes('#')
        ? 'a "#" must be written as %23'
        : path.split('?', 1)[0]?.includes('\\') === true
          ? 'a "\\" must be written as %5C'
          : undefined;
  if (fault === undefined) return;
  throw new InvalidInputError(`the path "${withoutQuery(path)}" cannot be sent: ${fault}`, {
    details: { reason: 'bad_url' },
  });
}

/** A URL as it may be shown: without credentials, query and fragment, any of which may hold a secret; and of other kinds of addresses, which may hold it anywhere, the scheme. */
export function showUrl(url: URL): string {
  return url.origin === 'null'
    ? `an address of the scheme "${url.protocol.slice(0, -1)}"`
    : `${url.origin}${url.pathname}`;
}

/** Lists repeat the name; undefined is left out. */
function* pairsOf(values: Readonly<Record<string, QueryValue | readonly QueryValue[]>>): Generator<[string, string]> {
  for (const [name, value] of Object.entries(values)) {
    for (const item of Array.isArray(value) ? (value as readonly QueryValue[]) : [value as QueryValue]) {
      if (item === undefined) continue;
      assertWhole(name, `the name ${JSON.stringify(name)}`);
      assertWhole(String(item), `the value of ${JSON.stringify(name)}`);
      yield [name, String(item)];
    }
  }
}

/** Half of a surrogate pair is no character in UTF-8, and would arrive as another one. */
export function assertWhole(text: string, what: string): void {
  if (text.isWellFormed()) return;
  throw new InvalidInputError(`${what} cannot be sent: it holds half a character`, { details: { reason: 'bad_text' } });
}

/** Names and values as a query or a form wants them. */
export function encodePairs(values: Readonly<Record<string, QueryValue | readonly QueryValue[]>>): string {
  return new URLSearchParams([...pairsOf(values)]).toString();
}

/** Appended as text: through `searchParams` the query that is already there would be written anew. */
function addQuery(url: URL, query: HttpRequest['query']): void {
  // A space is %20 everywhere, a plus sign only where somebody thinks of forms.
  const more = encodePairs(query ?? {}).replaceAll('+', '%20');
  if (more !== '') url.search = url.search === '' ? more : `${url.search}&${more}`;
}

function whyOutside(base: URL, url: URL): readonly [why: string, reason: ErrorReason] | undefined {
  if (url.origin !== base.origin) return [`it is not of the origin ${base.origin}`, 'other_origin'];
  const path = base.pathname.replace(/\/$/, '');
  if (url.pathname === path || url.pathname.startsWith(`${path}/`)) return undefined;
  return [`it lies outside of the base path ${path}`, 'outside_base_path'];
}

function targetRefused(id: string, url: URL, why: string, reason: ErrorReason): InvalidInputError {
  return new InvalidInputError(`connector "${id}" does not ask for ${showUrl(url)}: ${why}`, { details: { reason } });
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null)
    throw new InvalidInputError(`"${withoutQuery(text)}" is no URL`, { details: { reason: 'bad_url' } });
  return url;
}

/** Without the query, which may hold a secret. */
function withoutQuery(path: string): string {
  const bare = path.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//');
  return bare.length > 80 ? `${bare.slice(0, 79)}…` : bare;
}
