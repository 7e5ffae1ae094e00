import type { ConnectorConfig, JsonObject } from '@automate/contract';
import type { ConnectorContext } from '../connector-context.ts';
import { createHttpClient } from '../http/create-http-client.ts';
import type { Logger } from '../logger.ts';
import type { ProxyEnvironment } from '../http/proxy.ts';
import { authSecrets, proxySecrets } from '../masking.ts';
import type { Redactor } from '../redact.ts';
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

/** What of a context can change while its connector runs. */
export type ContextChange = Pick<ConnectorContextInput, 'settings' | 'profile'> & {
  readonly config: Pick<ConnectorConfig, 'auth' | 'metadata' | 'basePath'>;
};

/** The context that an adapter is started with: secrets wrapped, `http` bound to the connector's endpoint. */
export function createConnectorContext(input: ConnectorContextInput): ConnectorContext {
  const { id, settings, logger, signal, checkTarget, onSecrets = () => {}, onActionsChanged = () => {} } = input;
  const proxies = checkTarget === undefined ? input.proxies : { ...input.proxies, checkTarget };
  const auth = resolveAuth(input.config.auth, input.profile?.secrets ?? {});
  const profile =
    input.profile === undefined ? undefined : { ...input.profile, secrets: wrapAll(input.profile.secrets) };
  const config = { ...input.config, auth };
  const fixed = [...[config.proxy, proxies?.http, proxies?.https].flatMap(proxySecrets), ...(input.secrets ?? [])];
  const redactor = createLiveRedactor(() => [
    ...authSecrets(config.auth),
    ...Object.values(context.profile?.secrets ?? {}).map((secret) => secret.reveal()),
    ...fixed,
  ]);
  const http = createHttpClient({ id, config, proxies, logger, signal, redactor, onSecrets });
  const context: ConnectorContext = {
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
  Object.defineProperty(context, RENEW, { value: () => redactor.renew() });
  return context;
}

/** On a context: tells its redactor that its secrets are about to become others. */
const RENEW = Symbol('renew');

/**
 * Gives a context that `createConnectorContext` made other secrets and settings, in place, so that whoever keeps it sees them; its `http`
 * uses them from the next request on. Gives the places that differ, by the names that the configuration has.
 */
export function renewConnectorContext(context: ConnectorContext, change: ContextChange): readonly string[] {
  const before = placesOf(context);
  (context as { [RENEW]?(): void })[RENEW]?.();
  const { auth, ...config } = change.config;
  Object.assign(context.config, { ...config, auth: resolveAuth(auth, change.profile?.secrets ?? {}) });
  const profile = change.profile && { ...change.profile, secrets: wrapAll(change.profile.secrets) };
  Object.assign(context, { settings: change.settings, ...(profile === undefined ? {} : { profile }) });
  const after = placesOf(context);
  return [...new Set([...before.keys(), ...after.keys()])].filter((place) => before.get(place) !== after.get(place));
}

/** Every value that may change, by its place. */
function placesOf({ config, settings, profile }: ConnectorContext): ReadonlyMap<string, unknown> {
  const places = new Map<string, unknown>();
  const visit = (path: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null || Secret.is(value))
      places.set(path, Secret.is(value) ? value.reveal() : value);
    else for (const [key, item] of Object.entries(value)) visit(`${path}.${key}`, item);
  };
  for (const [field, value] of Object.entries(config.auth)) visit(`auth.${snakeCase(field)}`, value);
  visit('base_path', config.basePath);
  visit('metadata', config.metadata);
  visit('settings', settings);
  if (profile !== undefined) visit('profile', { ...profile });
  return places;
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A redactor of secrets that may become others. Those before stay known: calls under way still use them. */
function createLiveRedactor(secrets: () => readonly string[]): Redactor & { renew(): void } {
  let made: Redactor | undefined;
  let before: readonly string[] = [];
  const current = (): Redactor => (made ??= createRedactor([...secrets(), ...before]));
  return {
    text: (text) => current().text(text),
    data: (data) => current().data(data),
    renew() {
      before = secrets();
      made = undefined;
    },
  };
}
