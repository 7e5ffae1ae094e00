import { z } from 'zod';
import {
  AUTH_TYPES,
  CONNECTION_MODES,
  CONNECTOR_ID_PATTERN,
  CONNECTOR_TYPES,
  KIND_PATTERN,
  SCHEME_PATTERN,
} from '../connector.ts';
import { CONFIG_DEFAULTS } from './config-defaults.ts';
import {
  flag,
  hostName,
  jsonMap,
  lasting,
  oneOf,
  pattern,
  strictMap,
  text,
  textList,
  textMap,
  whole,
} from './fields.ts';

/** What names of profiles look like. */
export const PROFILE_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

/** What the token request says by itself. */
const TOKEN_PARAMS_OF_OURS = ['grant_type', 'client_id', 'client_secret', 'scope', 'audience'];

const authSchema = strictMap({
  type: oneOf(AUTH_TYPES).optional().meta({ description: 'How requests are authorised.', default: 'none' }),
  username: text().optional().meta({ description: 'For basic.' }),
  password: text().optional().meta({ description: 'For basic. Better a secretref:// than the password itself.' }),
  token: text().optional().meta({ description: 'For bearer. Better a secretref:// than the token itself.' }),
  api_key: text().optional().meta({ description: 'For api_key. Better a secretref:// than the key itself.' }),
  api_key_header: pattern(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'the name of an HTTP header')
    .optional()
    .meta({ description: 'Header that carries api_key.', default: 'X-API-Key' }),
  headers: textMap().optional().meta({ description: 'Further headers sent with every request.' }),
  token_url: pattern(/^(?:https?:\/\/(?![^/?#]*@)\S+|secretref:\/\/\S+)$/, 'an http or https URL without credentials')
    .optional()
    .meta({ description: 'For oauth2 (client credentials): where tokens are issued.' }),
  client_id: text().optional().meta({ description: 'For oauth2.' }),
  client_secret: text().optional().meta({ description: 'For oauth2. Better a secretref:// than the secret itself.' }),
  scopes: textList().optional().meta({ description: 'For oauth2.' }),
  audience: text()
    .optional()
    .meta({ description: 'For oauth2: whom the token is for, where the issuer asks for that.' }),
  token_params: textMap()
    .refine((params) => !TOKEN_PARAMS_OF_OURS.some((name) => Object.hasOwn(params, name)), {
      error: `no ${TOKEN_PARAMS_OF_OURS.join(', ')}, which have fields of their own`,
    })
    .optional()
    .meta({ description: 'For oauth2: further parameters of the token request, such as resource.' }),
});

const tlsSchema = strictMap({
  ca_file: text().optional().meta({ description: 'PEM file with the certificate authorities to trust.' }),
  cert_file: text().optional().meta({ description: 'PEM file with the client certificate; needs key_file.' }),
  key_file: text().optional().meta({ description: "PEM file with the client certificate's key; needs cert_file." }),
  server_name: text()
    .optional()
    .meta({ description: "Name expected in the server's certificate, when it is not the host's." }),
  insecure: flag().optional().meta({ description: 'Accept any certificate.', default: false }),
});

const healthCheckSchema = strictMap({
  enabled: flag().optional().meta({ description: 'Probe this connector.', default: true }),
  interval: lasting(10).optional().meta({ description: 'Time between two probes.', default: '30s' }),
  timeout: lasting(1).optional().meta({ description: 'Time that a probe may take.', default: '5s' }),
  path: pattern(/^\/\S*$/, 'a path that starts with "/"')
    .optional()
    .meta({ description: 'Path of an http(s) endpoint that must answer 2xx.' }),
});

const limitsSchema = strictMap({
  concurrency: whole(1, 10_000)
    .optional()
    .meta({ description: 'Calls in flight at once.', default: CONFIG_DEFAULTS.limits.concurrency }),
  queue: whole(0, 100_000)
    .optional()
    .meta({ description: 'Calls that may wait for a place.', default: CONFIG_DEFAULTS.limits.queue }),
  timeout: lasting(1).optional().meta({ description: 'Time for one attempt, from dispatch.', default: '30s' }),
  start_timeout: lasting(1)
    .optional()
    .meta({ description: 'Time for import, initialize and connect.', default: '10s' }),
  memory_mb: whole(16, 65_536)
    .optional()
    .meta({ description: 'Memory of the worker.', default: CONFIG_DEFAULTS.limits.memoryMb }),
});

const retrySchema = strictMap({
  attempts: whole(1, 100)
    .optional()
    .meta({ description: 'Tries in all, the first included.', default: CONFIG_DEFAULTS.retry.attempts }),
  backoff: lasting(0)
    .optional()
    .meta({ description: 'Wait before the second try; doubles each time.', default: '200ms' }),
  max_backoff: lasting(0).optional().meta({ description: 'Longest wait between two tries.', default: '10s' }),
});

/**
 * One connector in the shape of the YAML file, of REST bodies and of the command line: snake_case, durations as text.
 * It says what is allowed where, and nothing else: `parseConnectorConfig` adds what concerns several fields at once,
 * fills defaults and words the problems.
 */
export const connectorConfigSchema = strictMap({
  id: pattern(
    CONNECTOR_ID_PATTERN,
    'lower-case letters, digits, "_", "." or "-", at most 63, starting with a letter or digit',
  ).meta({ description: 'Unique name of the connector.' }),
  name: text().optional().meta({ description: 'Name for people. Default: the id.' }),
  description: z.string('a text').optional().meta({ description: 'What it is for.' }),
  type: oneOf(CONNECTOR_TYPES).optional().meta({ description: "Default: the kind's own type." }),
  kind: pattern(KIND_PATTERN, 'the name of a kind: lower-case letters, digits and "_", starting with a letter')
    .optional()
    .meta({ description: 'Which adapter to use. Default: the id.' }),
  mode: oneOf(CONNECTION_MODES).optional().meta({
    description:
      'local: localhost or the container network; remote: an external service. Shown in answers, and nothing else.',
    default: 'local',
  }),
  enabled: flag().optional().meta({ description: 'A disabled connector is listed and refuses calls.', default: true }),
  host: hostName().optional().meta({ description: 'Host name or address of the remote system.' }),
  port: whole(1, 65_535, 'a port from 1 to 65535').optional().meta({ description: "Default: the scheme's own port." }),
  scheme: pattern(SCHEME_PATTERN, 'a URL scheme such as "http"')
    .optional()
    .meta({ description: "Default: the kind's own, or http where it names none." }),
  base_path: pattern(
    /^(?!.*:\/\/)(?!\/\/)(?![^@]*:[^@]*@)[^\s?#]*$/,
    'a path without host, credentials, spaces, "?" or "#"',
  )
    .optional()
    .meta({ description: "Put before every request's path." }),
  auth: authSchema.optional().meta({ description: 'Applied to every request that the kind makes.' }),
  tls: tlsSchema.optional(),
  proxy: pattern(/^(?:none|https?:\/\/\S+|secretref:\/\/\S+)$/, 'an http or https URL, or "none"')
    .optional()
    .meta({
      description:
        "HTTP proxy for everything but this machine; none: no proxy. Default: the host's HTTP_PROXY, HTTPS_PROXY and NO_PROXY.",
    }),
  profile: pattern(PROFILE_NAME_PATTERN, 'the name of a profile')
    .optional()
    .meta({ description: 'Name of a connection profile.' }),
  settings: jsonMap().optional().meta({ description: "The kind's own settings." }),
  metadata: textMap().optional().meta({ description: 'Free pairs of texts, shown in answers.' }),
  tags: textList().optional().meta({ description: 'Free words to filter by.' }),
  health_check: healthCheckSchema.optional(),
  limits: limitsSchema.optional(),
  retry: retrySchema
    .optional()
    .meta({ description: "Tries of calls that failed and may be repeated; the caller's deadline covers all." }),
  isolation: oneOf(['thread']).optional().meta({ description: 'How the connector is isolated.', default: 'thread' }),
}).meta({ title: 'Connector' });

/** A connector as the YAML writes it. */
export type WireConnectorConfig = z.infer<typeof connectorConfigSchema>;
