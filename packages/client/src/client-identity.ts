import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { ConfigInvalidError } from '@automate/contract';
import { credentials } from '@automate/grpc';
import type { ChannelCredentials, ChannelOptions } from '@automate/grpc';
import type { ConnectOptions } from './connect-options.ts';
import type { ServiceAddress } from './service-address.ts';
import { isLocalAddress } from './service-address.ts';

/** As whom a service is called, and whom it must be. */
export interface ClientIdentity {
  readonly credentials: ChannelCredentials;
  readonly channelOptions: ChannelOptions;
  /** The header `authorization` of each call. */
  readonly authorization: string | undefined;
  /** What TLS is made of; absent without. */
  readonly tls?: { readonly context: SecureContext; readonly serverName: string | undefined };
}

/**
 * Reads token and files, from the options or else from the environment.
 *
 * @throws CONFIG_INVALID for files that cannot be used, and where a token would travel in clear to another machine
 */
export function readClientIdentity(
  options: ConnectOptions & Required<Pick<ConnectOptions, 'env'>>,
  address: ServiceAddress,
): ClientIdentity {
  const { env } = options;
  const token = options.token ?? (env['CONNECTORS_SERVICE_TOKEN'] || undefined);
  if (!address.secure) {
    if (options.tls !== undefined)
      throw misconfigured(`\`tls\` is given, and ${address.target} would be called without: call "grpcs://…"`, 'tls');
    const inClear = options.allowPlaintext ?? env['CONNECTORS_SERVICE_ALLOW_PLAINTEXT'] === 'true';
    if (token !== undefined && !isLocalAddress(address.target) && !inClear) throw tokenInClear(address.target);
  }
  // Who calls through the socket is the host's own user, whatever else it might show.
  const shown = address.target.startsWith('unix') ? undefined : token;
  const authorization = shown === undefined ? undefined : `Bearer ${requireToken(shown)}`;
  if (!address.secure) return { credentials: credentials.createInsecure(), channelOptions: {}, authorization };
  const files = {
    caFile: options.tls?.caFile ?? (env['CONNECTORS_SERVICE_CA_FILE'] || undefined),
    certFile: options.tls?.certFile ?? (env['CONNECTORS_SERVICE_CERT_FILE'] || undefined),
    keyFile: options.tls?.keyFile ?? (env['CONNECTORS_SERVICE_KEY_FILE'] || undefined),
  };
  const serverName = options.tls?.serverName ?? (env['CONNECTORS_SERVICE_SERVER_NAME'] || undefined);
  const context = readContext(files);
  const channelOptions: ChannelOptions =
    serverName === undefined
      ? {}
      : { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName };
  const secured = credentials.createFromSecureContext(context);
  if (serverName === undefined && isIP(address.endpoint?.host ?? '') !== 0) nameNoAddress(secured);
  return { credentials: secured, channelOptions, authorization, tls: { context, serverName } };
}

interface Files {
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}

const VARIABLES = {
  caFile: 'CONNECTORS_SERVICE_CA_FILE',
  certFile: 'CONNECTORS_SERVICE_CERT_FILE',
  keyFile: 'CONNECTORS_SERVICE_KEY_FILE',
} as const;

function readContext(files: Files): SecureContext {
  if ((files.certFile === undefined) !== (files.keyFile === undefined)) {
    const missing = files.certFile === undefined ? 'certFile' : 'keyFile';
    throw misconfigured(
      `a client certificate needs its key and the key its certificate: \`tls.${missing}\` (${VARIABLES[missing]}) is missing`,
      'tls_file',
    );
  }
  const read = (name: keyof Files): Buffer | undefined => {
    const file = files[name];
    if (file === undefined) return undefined;
    try {
      return readFileSync(file);
    } catch (error) {
      throw misconfigured(
        `\`tls.${name}\` (${VARIABLES[name]}): ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`,
        'tls_file',
        error,
      );
    }
  };
  const [ca, cert, key] = [read('caFile'), read('certFile'), read('keyFile')];
  try {
    return createSecureContext({ ca, cert, key, minVersion: 'TLSv1.2' });
  } catch (error) {
    const names = Object.values(files)
      .filter((file) => file !== undefined)
      .join(', ');
    throw misconfigured(`${names} cannot be used for TLS: ${(error as Error).message}`, 'tls', error);
  }
}

/** TLS has names of servers and no addresses; Node warns of one, which the library passes on as if it were a name. */
function nameNoAddress(secured: ChannelCredentials): void {
  type Connector = { connectionOptions?: { servername?: string | undefined } };
  const library = secured as unknown as { _createSecureConnector(...args: unknown[]): Connector };
  const create = library._createSecureConnector.bind(secured);
  library._createSecureConnector = (...args) => {
    const connector = create(...args);
    if (connector.connectionOptions !== undefined) connector.connectionOptions.servername = undefined;
    return connector;
  };
}

/** A header cannot carry anything else; the token itself is in no message. */
function requireToken(token: string): string {
  const trimmed = token.trim();
  if (/^[\x21-\x7e]+$/.test(trimmed)) return trimmed;
  throw misconfigured(
    'the token (`token`, CONNECTORS_SERVICE_TOKEN) holds what no token does, such as a line break: copy it once more',
    'bad_header',
  );
}

function tokenInClear(target: string): ConfigInvalidError {
  return misconfigured(
    `the token would travel in clear to ${target}, for all on the way to read: call "grpcs://${target}", or set CONNECTORS_SERVICE_ALLOW_PLAINTEXT=true (\`allowPlaintext\`) where something else protects the way`,
    'token_in_clear',
  );
}

function misconfigured(
  message: string,
  reason: 'tls' | 'tls_file' | 'bad_header' | 'token_in_clear',
  cause?: unknown,
): ConfigInvalidError {
  return new ConfigInvalidError(message, {
    details: { reason },
    blame: 'caller',
    ...(cause === undefined ? {} : { cause }),
  });
}
