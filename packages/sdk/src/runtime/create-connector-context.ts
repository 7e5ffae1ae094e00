import type { ConnectorConfig, JsonObject } from '@automate/contract';
import type { ConnectorContext } from '../connector-context.ts';
import { createHttpClient } from '../http/create-http-client.ts';
import type { Logger } from '../logger.ts';
import type { ProxyEnvironment } from '../http/proxy.ts';
import { authSecrets, proxySecrets } from '../masking.ts';
import { createRedactor } from '../redact.ts';
import { Secret } from '../secret.ts';
import type { FilesPolicy } from './local-files.ts';
import { createLocalFiles, OPEN_FILES } from './local-files.ts';
import { resolveAuth, wrapAll } from './resolve-auth.ts';

/** A profile with its secrets resolved. */
export interface ProfileInput {
  readonly name: string;
  readonly environment: string;
  readonly settings: JsonObject;
  readonly secrets: Readonly<Record<string, string>>;
}

export interface ConnectorContextInput {
  readonly id: string;
  /** With every reference resolved. */
  readonly config: ConnectorConfig;
  /** The connector's own settings over its profile's. */
  readonly settings: JsonObject;
  readonly profile?: ProfileInput;
  /** The proxies that the host's environment names. */
  readonly proxies?: ProxyEnvironment;
  /** The error for a server that must not be asked for through a proxy. Default: any may be. */
  readonly checkTarget?: NonNullable<ProxyEnvironment['checkTarget']>;
  readonly logger: Logger;
  /** Which files it may use. Default: all. */
  readonly files?: FilesPolicy;
  /** Fires when the connector closes; ends all connections. */
  readonly signal: AbortSignal;
  /** Further secret values to keep out of error messages. */
  readonly secrets?: readonly string[];
  /** Told that the remote system offers other actions. Default: nobody is. */
  readonly onActionsChanged?: () => void;
  /** Told of secrets that are obtained at run time, before anyone can use them. */
  readonly onSecrets?: (values: readonly string[]) => void;
}

/** The context that an adapter is started with: secrets wrapped, `http` bound to the connector's endpoint. */
export function createConnectorContext(input: ConnectorContextInput): ConnectorContext {
  const { id, settings, logger, signal, checkTarget, onSecrets = () => {}, onActionsChanged = () => {} } = input;
  const proxies = checkTarget === undefined ? input.proxies : { ...input.proxies, checkTarget };
  const auth = resolveAuth(input.config.auth, input.profile?.secrets ?? {});
  const profile =
    input.profile === undefined ? undefined : { ...input.profile, secrets: wrapAll(input.profile.secrets) };
  const config = { ...input.config, auth };
  const secrets = [
    ...authSecrets(auth),
    ...[config.proxy, proxies?.http, proxies?.https].flatMap(proxySecrets),
    ...Object.values(input.profile?.secrets ?? {}),
    ...(input.secrets ?? []),
  ];
  const http = createHttpClient({ id, config, proxies, logger, signal, redactor: createRedactor(secrets), onSecrets });
  return {
    id,
    config,
    settings,
    ...(profile === undefined ? {} : { profile }),
    logger,
    files: createLocalFiles({ id, policy: input.files ?? OPEN_FILES, logger }),
    http,
    ...(proxies === undefined ? {} : { proxies }),
    signal,
    actionsChanged: () => onActionsChanged(),
    secret(value) {
      onSecrets([value]);
      return new Secret(value);
    },
  };
}
