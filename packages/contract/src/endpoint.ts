const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443, ws: 80, wss: 443 };

/** What an endpoint is made of. */
export interface EndpointParts {
  readonly scheme?: string;
  readonly host?: string;
  readonly port?: number;
  readonly basePath?: string;
}

/**
 * The endpoint's URL: IPv6 hosts in brackets, the scheme's default port left out, the base path with a leading and
 * without a trailing slash. Empty without a host.
 */
export function buildEndpoint(parts: EndpointParts): string {
  if (parts.host === undefined || parts.host === '') return '';
  const scheme = parts.scheme ?? 'http';
  const bare = parts.host.replace(/^\[(.*)\]$/, '$1');
  const host = bare.includes(':') ? `[${bare}]` : bare;
  const port = parts.port === undefined || parts.port === DEFAULT_PORTS[scheme] ? '' : `:${parts.port}`;
  const path = (parts.basePath ?? '').replace(/^\/+|\/+$/g, '');
  return `${scheme}://${host}${port}${path === '' ? '' : `/${path}`}`;
}
