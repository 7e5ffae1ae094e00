// Long, as it is one table: a row for every key.

import {
  CONFIGURED_LEVELS,
  AUTH_TYPES,
  CONNECTION_MODES,
  CONNECTOR_ID_PATTERN,
  CONNECTOR_TYPES,
  KIND_PATTERN,
  PROFILE_NAME_PATTERN,
  SCHEME_PATTERN,
} from './connector.ts';
import type { AuthType } from './connector.ts';
import type { PathStep } from './problem-path.ts';

interface Facts {
  /** A sentence for the reference and for editors. */
  readonly doc?: string;
  /** What a full configuration has where nothing is written. Absent: nothing. */
  readonly fallback?: unknown;
  /** The default to show, where it is taken only when the value is used. */
  readonly shown?: unknown;
  /** Whether its section cannot be without it. */
  readonly required?: true;
  /** Whether a literal is masked in answers; of a map every value is. */
  readonly secret?: true;
  /** Whether it is a URL or a part of one, in which a variable may be a token. */
  readonly url?: true;
  /** Whether other things hang on its value, so that answers show it as it was resolved. */
  readonly resolved?: true;
  /** The only type of `auth` that uses it, and whether that type needs it. */
  readonly of?: AuthType;
  readonly needed?: true;
}

/** One key of a connector's configuration. What `expected` says follows "expected" in a problem. */
export type Field = Facts &
  (
    | { readonly kind: 'text'; readonly form?: RegExp; readonly expected?: string; readonly empty?: true }
    | { readonly kind: 'host' | 'flag' | 'texts' | 'json' }
    | { readonly kind: 'map'; readonly without?: readonly string[] }
    | { readonly kind: 'whole'; readonly least: number; readonly most: number; readonly expected?: string }
    /** Text such as `30s` in the file; milliseconds in the port, whose names end with `Ms`. */
    | { readonly kind: 'duration'; readonly least: number; /** Default: a day. */ readonly most?: number }
    | { readonly kind: 'word'; readonly words: readonly [string, ...string[]] }
    | { readonly kind: 'section'; readonly fields: Fields }
    /** A map of sections, under names that the user gives. */
    | { readonly kind: 'sections'; readonly fields: Fields }
  );

/** Keys by their name in the port, which is their name in messages; the file writes them in snake_case, and durations without unit. */
export type Fields = { readonly [name: string]: Field };

/** A token bucket. */
const RATE_FIELDS = {
  requests: { kind: 'whole', least: 1, most: 1_000_000, required: true, doc: 'Calls that may be sent in that time.' },
  perMs: { kind: 'duration', least: 1, fallback: 1_000, doc: 'The time.' },
} as const satisfies Fields;

/**
 * Every key of a connector's configuration. The schema, the defaults, the types, the translations from and to the file and the
 * messages, what is masked and the reference come from here: a new key is a row here and a field of the same name in the
 * protocol.
 */
export const CONNECTOR_FIELDS = {
  id: {
    kind: 'text',
    form: CONNECTOR_ID_PATTERN,
    expected: 'lower-case letters, digits, "_", "." or "-", at most 63, starting with a letter or digit',
    resolved: true,
    doc: 'Unique name of the connector.',
  },
  name: { kind: 'text', doc: 'Name for people. Default: the id.' },
  description: { kind: 'text', empty: true, fallback: '', doc: 'What it is for.' },
  type: { kind: 'word', words: CONNECTOR_TYPES, doc: "Default: the kind's own type." },
  kind: {
    kind: 'text',
    form: KIND_PATTERN,
    expected: 'the name of a kind: lower-case letters, digits and "_", starting with a letter',
    resolved: true,
    doc: 'Which adapter to use. Default: the id.',
  },
  mode: {
    kind: 'word',
    words: CONNECTION_MODES,
    fallback: 'local',
    doc: 'local: localhost or the container network; remote: an external service. Shown in answers.',
  },
  enabled: { kind: 'flag', fallback: true, doc: 'A disabled connector is listed and refuses calls.' },
  host: { kind: 'host', doc: 'Host name or address of the remote system.' },
  port: {
    kind: 'whole',
    least: 1,
    most: 65_535,
    expected: 'a port from 1 to 65535',
    doc: "Default: the scheme's own port.",
  },
  scheme: {
    kind: 'text',
    form: SCHEME_PATTERN,
    expected: 'a URL scheme such as "http"',
    resolved: true,
    doc: "Default: the kind's own, or http where it names none.",
  },
  basePath: {
    kind: 'text',
    form: /^(?:secretref:\/\/\S+|(?!.*:\/\/)(?!\/\/)(?![^@]*:[^@]*@)[^\s?#]*)$/,
    expected: 'a path without host, credentials, spaces, "?" or "#"',
    url: true,
    doc: "Put before every request's path.",
  },
  auth: {
    kind: 'section',
    fallback: {},
    doc: 'Applied to every request that the kind makes.',
    fields: {
      type: { kind: 'word', words: AUTH_TYPES, fallback: 'none', doc: 'How requests are authorised.' },
      username: { kind: 'text', of: 'basic', needed: true, doc: 'For basic.' },
      password: {
        kind: 'text',
        secret: true,
        of: 'basic',
        needed: true,
        doc: 'For basic. Better a secretref:// than the password itself.',
      },
      token: {
        kind: 'text',
        secret: true,
        of: 'bearer',
        needed: true,
        doc: 'For bearer. Better a secretref:// than the token itself.',
      },
      apiKey: {
        kind: 'text',
        secret: true,
        of: 'api_key',
        needed: true,
        doc: 'For api_key. Better a secretref:// than the key itself.',
      },
      apiKeyHeader: {
        kind: 'text',
        form: /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/,
        expected: 'the name of an HTTP header',
        of: 'api_key',
        shown: 'X-API-Key',
        doc: 'Header that carries api_key.',
      },
      headers: { kind: 'map', secret: true, doc: 'Further headers sent with every request.' },
      tokenUrl: {
        kind: 'text',
        form: /^(?:https?:\/\/(?![^/?#]*@)\S+|secretref:\/\/\S+)$/,
        expected: 'an http or https URL without credentials',
        url: true,
        of: 'oauth2',
        needed: true,
        doc: 'For oauth2 (client credentials): where tokens are issued.',
      },
      clientId: { kind: 'text', of: 'oauth2', needed: true, doc: 'For oauth2.' },
      clientSecret: {
        kind: 'text',
        secret: true,
        of: 'oauth2',
        needed: true,
        doc: 'For oauth2. Better a secretref:// than the secret itself.',
      },
      scopes: { kind: 'texts', of: 'oauth2', doc: 'For oauth2.' },
      audience: {
        kind: 'text',
        of: 'oauth2',
        doc: 'For oauth2: whom the token is for, where the issuer asks for that.',
      },
      tokenParams: {
        kind: 'map',
        // What the token request says by itself.
        without: ['grant_type', 'client_id', 'client_secret', 'scope', 'audience'],
        secret: true,
        of: 'oauth2',
        doc: 'For oauth2: further parameters of the token request, such as resource.',
      },
    },
  },
  tls: {
    kind: 'section',
    fields: {
      caFile: { kind: 'text', doc: 'PEM file with the certificate authorities to trust.' },
      certFile: { kind: 'text', doc: 'PEM file with the client certificate; needs key_file.' },
      keyFile: { kind: 'text', doc: "PEM file with the client certificate's key; needs cert_file." },
      serverName: { kind: 'text', doc: "Name expected in the server's certificate, when it is not the host's." },
      insecure: { kind: 'flag', shown: false, doc: 'Accept any certificate.' },
    },
  },
  proxy: {
    kind: 'text',
    form: /^(?:none|https?:\/\/\S+|secretref:\/\/\S+)$/,
    expected: 'an http or https URL, or "none"',
    url: true,
    doc: "HTTP proxy for everything but this machine; none: no proxy. Default: the host's HTTP_PROXY, HTTPS_PROXY and NO_PROXY.",
  },
  placement: {
    kind: 'text',
    form: /^[a-z0-9][a-z0-9._-]*(?:,[a-z0-9][a-z0-9._-]*)*$/,
    expected: 'one, all, or labels of hosts separated by commas: lower-case letters, digits, ".", "_" and "-"',
    resolved: true,
    doc: 'Which hosts run it, where several share a database: one at a time; all, each for its own calls; or one of those with all of these labels. Default: one.',
  },
  profile: {
    kind: 'text',
    form: PROFILE_NAME_PATTERN,
    expected: 'the name of a profile',
    resolved: true,
    doc: 'Name of a connection profile.',
  },
  settings: { kind: 'json', fallback: {}, doc: "The kind's own settings." },
  metadata: { kind: 'map', fallback: {}, doc: 'Free pairs of texts, shown in answers.' },
  tags: { kind: 'texts', fallback: [], doc: 'Free words to filter by.' },
  healthCheck: {
    kind: 'section',
    fallback: {},
    fields: {
      enabled: { kind: 'flag', fallback: true, doc: 'Probe this connector.' },
      intervalMs: { kind: 'duration', least: 10, fallback: 30_000, doc: 'Time between two probes.' },
      timeoutMs: { kind: 'duration', least: 1, fallback: 5000, doc: 'Time that a probe may take.' },
      path: {
        kind: 'text',
        form: /^\/\S*$/,
        expected: 'a path that starts with "/"',
        doc: 'Path of an http(s) endpoint that must answer 2xx.',
      },
    },
  },
  limits: {
    kind: 'section',
    fallback: {},
    fields: {
      concurrency: { kind: 'whole', least: 1, most: 10_000, fallback: 16, doc: 'Calls in flight at once.' },
      queue: {
        kind: 'whole',
        least: 0,
        most: 100_000,
        fallback: 64,
        doc: 'Calls that may wait for a place, or for their turn by a limit of rate.',
      },
      timeoutMs: { kind: 'duration', least: 1, fallback: 30_000, doc: 'Time for one attempt, from dispatch.' },
      startTimeoutMs: { kind: 'duration', least: 1, fallback: 10_000, doc: 'Time for import, initialize and connect.' },
      memoryMb: { kind: 'whole', least: 16, most: 65_536, fallback: 128, doc: 'Memory of the worker.' },
      rate: {
        kind: 'section',
        fields: RATE_FIELDS,
        doc: 'Calls that may be sent in a time; those beyond wait for their turn. Default: as many as there are.',
      },
      rates: {
        kind: 'sections',
        fields: RATE_FIELDS,
        doc: 'The same for the actions of a `rateLimitClass`, by its name, in place of `limits.rate`.',
      },
      idempotencyTtlMs: {
        kind: 'duration',
        least: 1,
        // 90 days: no timer waits for it.
        most: 7_776_000_000,
        fallback: 86_400_000,
        doc: 'How long outcomes of calls with an idempotency key are kept.',
      },
      executionTtlMs: {
        kind: 'duration',
        least: 1,
        most: 7_776_000_000,
        fallback: 604_800_000,
        doc: 'How long executions are kept after their end.',
      },
    },
  },
  circuit: {
    kind: 'section',
    doc: 'Lets no calls through for a while where the remote system fails again and again; `{}` for the defaults. Default: none.',
    fields: {
      failures: {
        kind: 'whole',
        least: 1,
        most: 10_000,
        fallback: 5,
        doc: 'Failures of the remote system in a row that open it.',
      },
      windowMs: { kind: 'duration', least: 1, fallback: 30_000, doc: 'Time within which they must come.' },
      openMs: { kind: 'duration', least: 1, fallback: 30_000, doc: 'Time until one call is let through again.' },
    },
  },
  webhook: {
    kind: 'section',
    doc: 'What webhooks start that its remote system sends to `/hooks/{id}`, besides being told to watchers. Default: nothing.',
    fields: {
      action: {
        kind: 'text',
        form: KIND_PATTERN,
        expected: 'the name of one of the kind\'s actions: lower-case letters, digits and "_", starting with a letter',
        required: true,
        resolved: true,
        doc: 'The action that each of them is an execution of; its payload has their `headers` and `body`.',
      },
    },
  },
  retry: {
    kind: 'section',
    fallback: {},
    doc: "Tries of calls that failed and may be repeated; the caller's deadline covers all.",
    fields: {
      attempts: { kind: 'whole', least: 1, most: 100, fallback: 3, doc: 'Tries in all, the first included.' },
      backoffMs: {
        kind: 'duration',
        least: 0,
        fallback: 200,
        doc: 'Wait before the second try; doubles each time.',
      },
      maxBackoffMs: { kind: 'duration', least: 0, fallback: 10_000, doc: 'Longest wait between two tries.' },
    },
  },
  isolation: {
    kind: 'word',
    words: CONFIGURED_LEVELS,
    doc: 'How the connector is isolated: in a thread, in a child process of its own, or in one that may use only what `plugins.grants` grants. Default: what its kind recommends, else `plugins.isolation`.',
  },
} as const satisfies Fields;

/** The scheme of a connector that names none, of a kind that names none. */
export const DEFAULT_SCHEME = 'http';

/** The name of a key as the file writes it. */
export function wireName(name: string, { kind }: Field): string {
  const word = kind === 'duration' ? name.replace(/Ms$/, '') : name;
  return word.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The keys of a section, with the name that each has in the port. */
export function rowsOf(fields: Fields): readonly (readonly [name: string, field: Field])[] {
  return Object.entries(fields);
}

/** The same map with other values. */
export function mapValues<T>(map: object, change: (value: unknown) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, change(value)]));
}

/** Where a value of the file stands in the port, and its row; what stands in a list or a map is of that one's row. */
export interface Place {
  readonly path: readonly PathStep[];
  readonly row: Field | undefined;
}

/** Finds the place for a path of the file, such as `auth`, `api_key`. */
export function locateField(path: readonly PathStep[], fields: Fields = CONNECTOR_FIELDS): Place {
  const [step, ...rest] = path;
  const [name, row] = rowsOf(fields).find(([key, field]) => wireName(key, field) === step) ?? [];
  const isAbove = row?.kind === 'section' || (row?.kind === 'sections' && rest.length > 1);
  if (name === undefined || !isAbove || rest.length === 0) return { path: [name ?? step ?? '', ...rest], row };
  const own = row.kind === 'section' ? 0 : 1;
  const below = locateField(rest.slice(own), row.fields);
  return { path: [name, ...rest.slice(0, own), ...below.path], row: below.row };
}
