import { buildEndpoint, ConfigInvalidError, InvalidInputError } from '@automate/contract';
import type { ResolvedConfig } from '../connector-context.ts';
import type { HttpRequest, QueryValue } from '../http-client.ts';

const WHOLE_URL = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Where a request goes, and whether that is the connector's own configured endpoint. */
export interface Target {
  readonly url: URL;
  /** False for a whole URL where no host is configured: the credentials then go along only when asked for by name. */
  readonly configured: boolean;
}

/**
 * The URL of a request: below the endpoint and its base path, or a whole URL there. A path that climbs out of the base
 * path, or names another origin, is refused, since parts of it may come from a caller.
 */
export function resolveTarget(id: string, config: ResolvedConfig, request: HttpRequest): Target {
  const endpoint = buildEndpoint(config);
  const whole = WHOLE_URL.test(request.path);
  if (endpoint === '' && !whole) {
    throw new ConfigInvalidError(
      `connector "${id}" has no host to send "${shorten(request.path)}" to; the operator must set host`,
      {
        details: { reason: 'no_endpoint' },
      },
    );
  }
  const base = endpoint === '' ? undefined : parse(endpoint);
  if (base !== undefined && base.protocol !== 'http:' && base.protocol !== 'https:') {
    throw new ConfigInvalidError(
      `connector "${id}" speaks HTTP, and its scheme is "${config.scheme}"; the operator must set http or https`,
      {
        details: { reason: 'bad_scheme' },
      },
    );
  }
  const url = parse(whole ? request.path : `${endpoint}/${request.path.replace(/^\/+/, '')}`);
  if (url.username !== '' || url.password !== '')
    throw refused(id, url, 'credentials in a URL are not sent', 'url_credentials');
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refused(id, url, 'it is no HTTP address', 'bad_scheme');
  if (base !== undefined) assertWithin(id, base, url);
  addQuery(url, request.query);
  url.hash = '';
  return { url, configured: base !== undefined };
}

/** A URL as it may be shown: without credentials, query and fragment, any of which may hold a secret. */
export function showUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** Names and values as `application/x-www-form-urlencoded` wants them. Lists repeat the name; undefined is left out. */
export function* pairsOf(
  values: Readonly<Record<string, QueryValue | readonly QueryValue[]>>,
): Generator<[string, string]> {
  for (const [name, value] of Object.entries(values)) {
    for (const item of Array.isArray(value) ? (value as readonly QueryValue[]) : [value as QueryValue]) {
      if (item !== undefined) yield [name, String(item)];
    }
  }
}

function addQuery(url: URL, query: HttpRequest['query']): void {
  for (const [name, value] of pairsOf(query ?? {})) url.searchParams.append(name, value);
}

function assertWithin(id: string, base: URL, url: URL): void {
  if (url.origin !== base.origin) throw refused(id, url, `it is not of the origin ${base.origin}`, 'other_origin');
  const path = base.pathname.replace(/\/$/, '');
  if (url.pathname !== path && !url.pathname.startsWith(`${path}/`)) {
    throw refused(id, url, `it lies outside of the base path ${path}`, 'outside_base_path');
  }
}

function refused(id: string, url: URL, why: string, reason: string): InvalidInputError {
  return new InvalidInputError(`connector "${id}" does not ask for ${showUrl(url)}: ${why}`, { details: { reason } });
}

function parse(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new InvalidInputError(`"${shorten(text)}" is no URL`, { details: { reason: 'bad_url' } });
  return url;
}

/** Without the query, which may hold a secret. */
function shorten(path: string): string {
  const bare = path.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//');
  return bare.length > 80 ? `${bare.slice(0, 79)}…` : bare;
}
