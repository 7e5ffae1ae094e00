const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  ws: 80,
  wss: 443,
  postgresql: 5432,
  mysql: 3306,
  redis: 6379,
  rediss: 6379,
};

/** The port of a scheme's endpoints that name none, where it is known. */
export function defaultPort(scheme: string): number | undefined {
  return DEFAULT_PORTS[scheme];
}

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
  const host = parts.host.includes(':') && !parts.host.startsWith('[') ? `[${parts.host}]` : parts.host;
  const port = parts.port === undefined || parts.port === defaultPort(scheme) ? '' : `:${parts.port}`;
  const path = (parts.basePath ?? '').replace(/^\/+|\/+$/g, '');
  return `${scheme}://${host}${port}${path === '' ? '' : `/${path}`}`;
}
