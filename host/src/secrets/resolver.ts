import type { AuthConfig, ConnectorConfig, JsonObject, JsonValue, Problem } from '@automate/contract';
import { ConfigInvalidError, describeProblem } from '@automate/contract';
import {
  appendPath,
  AUTH_REQUIRED,
  checkProfile,
  hasReferenceForm,
  looksLikeSecretReference,
} from '@automate/contract/schemas';
import type { SecretBackendName } from '@automate/contract/schemas';
import { fillAuth, mergeSettings } from '../config/connection-profiles.ts';
import type { ProfileConfig } from '../config/host-config.ts';
import type { WorkerConfig } from '../runtime/runtime.ts';
import { createEnvBackend } from './backends/env.ts';
import { createFileBackend } from './backends/file.ts';
import { createStoreBackend } from './backends/store.ts';
import { literalSecrets } from './literal-secrets.ts';
import { valueOfSecret } from './own-secrets.ts';
import type { ParsedReference } from './parse-secret-ref.ts';
import { parseSecretRef } from './parse-secret-ref.ts';
import type { SecretBackend, SecretRead } from './secret-backend.ts';
import type { SecretVault } from './secret-vault.ts';
import { secretsInUrl } from './url-secrets.ts';

export interface SecretResolverOptions {
  /** What `secretref://env` reads. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the files of `secretref://file` are. */
  readonly secretsDir?: string;
  /** What `secretref://store` reads. */
  readonly vault?: Pick<SecretVault, 'read'>;
  /** Told of every secret before anyone can use it, so that it can be kept out of answers and logs. */
  readonly learn?: (connector: string, values: readonly string[]) => void;
}

export interface SecretResolver {
  /**
   * A connector's configuration for its worker: references replaced, the profile's settings beneath its own, absent
   * fields of `auth` filled from the profile's secrets. Fails closed: rejects with a ConfigInvalidError that names every
   * field and reference, and nothing is handed out.
   */
  resolveConfig(config: ConnectorConfig, profile?: ProfileConfig): Promise<WorkerConfig>;
  /** What one reference of the configuration stands for. Rejects with a ConfigInvalidError that names it. */
  resolveOne(path: string, text: string): Promise<string>;
}

/** Resolves secret references anew each time, so that a changed secret takes effect at the next start. */
export function createSecretResolver(options: SecretResolverOptions): SecretResolver {
  const backends: Readonly<Record<SecretBackendName, SecretBackend>> = {
    env: createEnvBackend(options.env),
    file: createFileBackend(options.secretsDir),
    store: createStoreBackend(options.vault),
  };

  const environment = proxiesOf(options.env);

  const read = async (parsed: Exclude<ParsedReference, { readonly kind: 'literal' }>): Promise<SecretRead> => {
    if (parsed.kind === 'malformed') return { ok: false, reason: parsed.reason };
    const result = await backends[parsed.reference.backend].read(parsed.reference);
    return result.ok && looksLikeSecretReference(result.value)
      ? { ok: false, reason: 'it holds a secret reference itself, and references are read once' }
      : result;
  };

  return {
    async resolveOne(path, text) {
      const parsed = parseSecretRef(text);
      const result =
        parsed.kind === 'literal' ? ({ ok: false, reason: 'it is no reference' } as const) : await read(parsed);
      if (!result.ok)
        throw new ConfigInvalidError(`${path}: the secret ${shownReference(text)} cannot be read: ${result.reason}`);
      options.learn?.(path, [result.value]);
      return result.value;
    },
    async resolveConfig(config, profile) {
      const problems: Problem[] = [...checkProfile(config, profile)];
      const references: string[] = [];
      const resolveText = async (text: string, path: string): Promise<JsonValue> => {
        const parsed = parseSecretRef(text);
        if (parsed.kind === 'literal') return text;
        const result = await read(parsed);
        if (result.ok) {
          references.push(result.value);
          return parsed.kind === 'reference' && parsed.reference.backend === 'store'
            ? valueOfSecret(parsed.reference, result.value)
            : result.value;
        }
        const message = `the secret ${shownReference(text)} cannot be read: ${result.reason}`;
        problems.push({ path, expected: 'a secret that can be read', received: result.reason, message });
        return '';
      };

      const own = await resolveTree(resolvedParts(config), '', resolveText);
      const base = profile === undefined ? '' : appendPath('profiles', profile.name);
      const shared = await resolveTree(
        { settings: profile?.settings ?? {}, secrets: { ...profile?.secrets } },
        base,
        resolveText,
      );
      const secrets = shared.secrets as Record<string, string>;
      const auth = fillAuth(own.auth as unknown as AuthConfig, secrets);
      problems.push(...checkAuth(auth));
      if (problems.length > 0) throw secretsMissing(config.id, problems);

      const proxy = own.proxy as string;
      const basePath = own.basePath as string;
      const resolved: ConnectorConfig = {
        ...config,
        auth,
        settings: own.settings as JsonObject,
        metadata: own.metadata as ConnectorConfig['metadata'],
        ...(proxy === '' ? {} : { proxy }),
        ...(basePath === '' ? {} : { basePath }),
      };
      const settings = shared.settings as JsonObject;
      options.learn?.(config.id, [
        ...references,
        ...Object.values(secrets),
        ...literalSecrets({ ...resolved, settings: { own: resolved.settings, shared: shared.settings ?? {} } }),
        ...[environment.http, environment.https].flatMap((url) => secretsInUrl(url ?? '')),
      ]);
      return {
        config: resolved,
        settings: mergeSettings(resolved, profile === undefined ? undefined : { ...profile, settings }),
        ...(Object.values(environment).some(Boolean) ? { proxies: environment } : {}),
        ...(profile === undefined
          ? {}
          : { profile: { name: profile.name, environment: profile.environment, settings, secrets } }),
      };
    },
  };
}

/** What of a configuration may refer to secrets. */
export function resolvedParts({ auth, settings, metadata, proxy = '', basePath = '' }: ConnectorConfig) {
  return { auth: auth as unknown as JsonObject, settings, metadata, proxy, basePath };
}

/** The variables of proxies as most programs read them: `http_proxy` before `HTTP_PROXY`. */
export function proxiesOf(env: SecretResolverOptions['env']): NonNullable<WorkerConfig['proxies']> {
  return {
    http: env['http_proxy'] || env['HTTP_PROXY'],
    https: env['https_proxy'] || env['HTTPS_PROXY'],
    no: env['no_proxy'] || env['NO_PROXY'],
  };
}

type ResolveText = (text: string, path: string) => Promise<JsonValue>;

async function resolveTree<T extends JsonObject>(
  tree: T,
  base: string,
  resolveText: ResolveText,
): Promise<{ [K in keyof T]: JsonValue }> {
  const entries = Object.entries(tree).map(
    async ([key, value]) => [key, await resolveValue(value, appendPath(base, toSnakeCase(key)), resolveText)] as const,
  );
  return Object.fromEntries(await Promise.all(entries)) as { [K in keyof T]: JsonValue };
}

async function resolveValue(value: JsonValue, path: string, resolveText: ResolveText): Promise<JsonValue> {
  if (typeof value === 'string') return resolveText(value, path);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return Promise.all(value.map((item, index) => resolveValue(item, appendPath(path, index), resolveText)));
  // The fields of auth are ours and are named as the file names them; everything deeper is the user's.
  const name = path === 'auth' ? toSnakeCase : (key: string): string => key;
  const entries = Object.entries(value).map(
    async ([key, item]) => [key, await resolveValue(item, appendPath(path, name(key)), resolveText)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

function checkAuth(auth: AuthConfig): readonly Problem[] {
  const given = new Set(
    Object.entries(auth).flatMap(([key, value]) => (value === undefined ? [] : [toSnakeCase(key)])),
  );
  return AUTH_REQUIRED[auth.type]
    .filter((field) => !given.has(field))
    .map((field) => ({
      path: appendPath('auth', field),
      expected: `a value, as the type is ${auth.type}`,
      received: 'nothing',
    }));
}

function secretsMissing(connector: string, problems: readonly Problem[]): ConfigInvalidError {
  const said = problems.map(describeProblem).join('; ');
  return new ConfigInvalidError(`the connector "${connector}" cannot start: ${said}`, { connector, problems });
}

function toSnakeCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function shownReference(text: string): string {
  return hasReferenceForm(text) ? text : '(not shown)';
}
