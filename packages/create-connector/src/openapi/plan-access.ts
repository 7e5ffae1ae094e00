import type { LeftOut, OpenApiDocument, Operation, SecurityScheme } from '@automate/openapi';
import { readSecuritySchemes, serverUrl, showOperation } from '@automate/openapi';
import { toActionName } from '@automate/contract';

/** A key that no `auth` of a connector puts where the service wants it, so that it becomes a setting. */
export interface ApiKey {
  readonly setting: string;
  readonly in: 'header' | 'query' | 'cookie';
  readonly name: string;
}

/** Where the service is and how a connector signs in there. */
export interface Access {
  /** With the base path. Its host is `api.example.com` where the document names none. */
  readonly url: URL;
  /** Whether the document names the host. */
  readonly isNamed: boolean;
  /** The scheme that the connector's own `auth` speaks. */
  readonly auth?: Exclude<SecurityScheme, { readonly type: 'other' }>;
  /** By operation, as it is called. */
  readonly apiKeys: ReadonlyMap<string, readonly ApiKey[]>;
}

export interface PlannedAccess {
  readonly access: Access;
  readonly operations: readonly Operation[];
  /** Those that one connector cannot reach beside the others. */
  readonly leftOut: readonly LeftOut[];
}

const EXAMPLE = 'https://api.example.com';

type Schemes = Readonly<Record<string, SecurityScheme>>;

/**
 * One connector has one endpoint and one `auth`: those that fit most of the operations. What needs others is left out, with the reason.
 * Keys in a query or a cookie, and headers besides the one of `auth`, are settings.
 */
export function planAccess(
  document: OpenApiDocument,
  operations: readonly Operation[],
  documentUrl: string | undefined,
): PlannedAccess {
  const schemes = readSecuritySchemes(document);
  const base = mostFrequent(operations.map((operation) => endpointOf(operation, documentUrl)));
  const auth = mostFrequent(operations.flatMap((operation) => authNamesOf(operation, schemes).slice(0, 1)));
  const apiKeys = new Map<string, readonly ApiKey[]>();
  const leftOut: LeftOut[] = [];
  const reached = operations.filter((operation) => {
    const place = endpointOf(operation, documentUrl);
    const keys = keysOf(operation, schemes, auth);
    const reason =
      place !== base
        ? `it is at ${place || 'a server that the document does not name'}, the others at ${base || 'such a one'}: a connector has one endpoint`
        : typeof keys === 'string'
          ? keys
          : undefined;
    if (reason !== undefined) leftOut.push({ operation: showOperation(operation), reason });
    else if (typeof keys !== 'string') apiKeys.set(operation.name, keys);
    return reason === undefined;
  });
  const scheme = auth === undefined ? undefined : schemes[auth];
  return {
    access: {
      url: new URL(base ?? '/', EXAMPLE),
      isNamed: base !== undefined && URL.canParse(base),
      ...(scheme === undefined || scheme.type === 'other' ? {} : { auth: scheme }),
      apiKeys,
    },
    operations: reached,
    leftOut,
  };
}

/** Only a path, or nothing, where the document names no whole URL. */
function endpointOf({ servers }: Operation, documentUrl: string | undefined): string {
  const [server = { url: '/', variables: {} }] = servers;
  const found = serverUrl(server, {}, documentUrl);
  if ('url' in found) return found.url.replace(/\/$/, '');
  return /^\/[^{}?#]*$/.test(server.url) ? server.url.replace(/\/$/, '') : '';
}

/** Whether the connector's own `auth` can speak it. */
function isForAuth(scheme: SecurityScheme | undefined): boolean {
  if (scheme === undefined || scheme.type === 'other') return false;
  return scheme.type !== 'api_key' || scheme.in === 'header';
}

/** Client certificates are the connector's `tls`. */
const isForTls = (scheme: SecurityScheme | undefined): boolean =>
  scheme?.type === 'other' && scheme.what.includes('mutualTLS');

function authNamesOf({ security }: Operation, schemes: Schemes): readonly string[] {
  return security.flatMap((each) => Object.keys(each)).filter((name) => isForAuth(schemes[name]));
}

/** The keys that go along with an operation besides `auth`; in words, why it cannot be authorised. */
function keysOf({ security }: Operation, schemes: Schemes, auth: string | undefined): readonly ApiKey[] | string {
  if (security.length === 0) return [];
  const unmet = security.map((requirement) => {
    const names = Object.keys(requirement).filter((name) => name !== auth && !isForTls(schemes[name]));
    return { names, strangers: names.filter((name) => schemes[name]?.type !== 'api_key') };
  });
  const fitting = unmet.find(({ strangers }) => strangers.length === 0);
  if (fitting !== undefined) return fitting.names.flatMap((name) => keyOf(name, schemes[name]));
  const wanted = [...new Set(unmet.flatMap(({ strangers }) => strangers))].map((name) => wordsOf(name, schemes[name]));
  return `it must be authorised by ${wanted.join(' or ')}, ${auth === undefined ? 'which no connector speaks' : `the others by "${auth}": a connector has one auth`}`;
}

function keyOf(scheme: string, given: SecurityScheme | undefined): readonly ApiKey[] {
  if (given?.type !== 'api_key') return [];
  return [{ setting: toActionName(scheme) || 'api_key', in: given.in, name: given.name }];
}

function wordsOf(name: string, scheme: SecurityScheme | undefined): string {
  if (scheme === undefined) return `"${name}", which the document does not have`;
  return scheme.type === 'other' ? `"${name}" (${scheme.what})` : `"${name}"`;
}

function mostFrequent(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted(([, one], [, other]) => other - one)[0]?.[0];
}
