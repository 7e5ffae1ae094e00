import { readFile } from 'node:fs/promises';
import type { AuthConfig, ConnectorConfig, ConnectorDescription, JsonObject, TlsConfig } from '@automate/contract';
import { CONNECTOR_FIELDS, rowsOf, wireName } from '@automate/contract/schemas';
import { secretSettings } from '@automate/sdk/runtime/masking';
import type { HostConfig, ProfileConfig } from '../config/host-config.ts';
import type { Environment, HostSettings } from '../host-settings.ts';
import type { SecretFilter, WorkerConfig } from '../runtime/runtime.ts';
import { headerSecrets } from './literal-secrets.ts';
import { MIN_SECRET_LENGTH } from './secret-forms.ts';
import type { SecretResolver } from './resolver.ts';
import { createSecretResolver } from './resolver.ts';
import type { SecretVault } from './secret-vault.ts';
import type { Scrubber } from './scrubber.ts';
import { secretsInUrl } from './url-secrets.ts';

export interface SecretsOptions {
  readonly env: Environment;
  readonly settings: Pick<HostSettings, 'secretsDir'>;
  readonly scrubber: Scrubber;
  /** The store of secrets; absent: there is none. */
  readonly vault?: Pick<SecretVault, 'read'> | undefined;
}

/** Secrets of the connectors: resolved for their workers, and kept out of everything else from then on. */
export interface Secrets extends Pick<SecretResolver, 'resolveOne'> {
  /** What the runtime passes every text of a connector through. */
  readonly filter: SecretFilter;
  /**
   * A connector's configuration for its worker, of which the description says which settings are secret. Rejects with
   * CONFIG_INVALID that names every field and no value.
   */
  resolve(
    config: ConnectorConfig,
    profile: ProfileConfig | undefined,
    description?: ConnectorDescription,
  ): Promise<WorkerConfig>;
  /** Keeps the secrets of settings that are only being checked out of all texts, for a while. */
  learnSettings(settings: JsonObject, description: ConnectorDescription): void;
}

/** Bounds of a secret that a connector obtains by itself: shorter words stand in innocent texts, also those of other connectors. */
const OBTAINED_LENGTH = { least: 8, most: 16 * 1024 };

/** Opens the resolver, from which the scrubber learns. */
export function openSecrets({ env, settings: { secretsDir }, scrubber, vault }: SecretsOptions): Secrets {
  const resolver = createSecretResolver({
    env,
    secretsDir,
    vault,
    learn: (connector, values) => scrubber.learn(connector, values),
  });
  return {
    filter: {
      ...scrubber,
      learn: (connector, values) => {
        const { least, most } = OBTAINED_LENGTH;
        scrubber.learn(
          connector,
          values.filter(({ length }) => length >= least && length <= most),
        );
      },
    },
    resolveOne: (path, text) => resolver.resolveOne(path, text),
    resolve: async (config, profile, description) => {
      const resolved = await resolver.resolveConfig(config, profile);
      scrubber.learn(config.id, [
        // `resolved.settings` lacks the profile's values that the connector's own replace; the profile's settings are learned, too.
        ...[resolved.settings, resolved.profile?.settings ?? {}].flatMap((settings) =>
          secretSettings(settings, description?.configSchema),
        ),
        ...secretSettings(resolved.config.metadata, undefined),
        ...pairsOf(resolved.config.auth),
        await readTlsKey(resolved.config.tls),
      ]);
      return resolved;
    },
    learnSettings(settings, description) {
      const owner = 'settings that are being checked';
      scrubber.learn(owner, secretSettings(settings, description.configSchema));
      scrubber.release(owner);
    },
  };
}

/** Keeps out of everything what variables of the configuration hold, where that is secret. */
export function learnVariables(scrubber: Scrubber, { secretVariables }: HostConfig): void {
  scrubber.learn('variables of the configuration', secretVariables);
}

/** Keeps out of everything what the exporter of traces is given. */
export function learnExport(scrubber: Scrubber, env: Environment, otlpEndpoint: string | undefined): void {
  scrubber.learn('the export of telemetry', exportSecrets(env, otlpEndpoint));
}

/** Keeps out of everything what the host signs in with where it keeps things. */
export function learnStore(scrubber: Scrubber, storeUrl: string | undefined): void {
  if (storeUrl === undefined) return;
  const { password, searchParams } = new URL(storeUrl);
  // Its user name is none, and a word as innocent as the host's own name.
  const given = [password, decodeURIComponent(password), searchParams.get('password')];
  scrubber.learn(
    'the store',
    given.filter((secret) => typeof secret === 'string'),
  );
}

/** What the exporters send, which read their headers from the environment by themselves. */
function exportSecrets(env: Environment, endpoint = ''): readonly string[] {
  const lists = [
    env['OTEL_EXPORTER_OTLP_HEADERS'],
    env['OTEL_EXPORTER_OTLP_TRACES_HEADERS'],
    env['OTEL_EXPORTER_OTLP_METRICS_HEADERS'],
    env['OTEL_EXPORTER_OTLP_LOGS_HEADERS'],
  ];
  const forms = lists.map((list = '') => list.replaceAll('+', '%2B').replaceAll(',', '&'));
  const pairs = forms.flatMap((form) =>
    [...new URLSearchParams(form)].map(([name, value]) => [name.trim(), value.trim()]),
  );
  return [...secretsInUrl(endpoint), ...headerSecrets(Object.fromEntries(pairs))];
}

/** What goes over the wire for basic and for clients of OAuth 2, so that a short password is known there. */
function pairsOf({ username, password, clientId, clientSecret }: AuthConfig): readonly string[] {
  return [
    ...(password === undefined ? [] : [`${username ?? ''}:${password}`]),
    ...(clientSecret === undefined ? [] : [`${clientId ?? ''}:${clientSecret}`]),
  ];
}

/** The key that the worker is going to read; empty where there is none, which is for the worker to say. */
async function readTlsKey(tls: TlsConfig | undefined): Promise<string> {
  return tls?.keyFile === undefined ? '' : readFile(tls.keyFile, 'utf8').catch(() => '');
}

/** A sentence on the secrets that are too short to be kept out of anything; undefined where there are none. */
export function shortSecrets({ config, profile }: WorkerConfig): string | undefined {
  const own = rowsOf(CONNECTOR_FIELDS.auth.fields).flatMap(([name, row]) =>
    row.kind === 'text' && row.secret === true
      ? [[`auth.${wireName(name, row)}`, config.auth[name as 'token']] as const]
      : [],
  );
  const shared = Object.entries(profile?.secrets ?? {}).map(([name, value]) => [`secret ${name}`, value] as const);
  const named = [...own, ...shared];
  const short = named.flatMap(([name, value = '']) => (value !== '' && value.length < MIN_SECRET_LENGTH ? [name] : []));
  if (short.length === 0) return undefined;
  return `${short.join(', ')}: shorter than ${MIN_SECRET_LENGTH} characters, so it cannot be kept out of results and logs`;
}
