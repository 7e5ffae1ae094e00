import type { CallOptions, SecretChange, SecretInfo, SecretOperations, SecretUser } from '@automate/contract';
import { InvalidInputError, NotFoundError, UnavailableError } from '@automate/contract';
import { requireSecret, requireSecretValue, requireSecretVersion } from '@automate/contract/service';
import { describeSecret } from '../store/secret-store.ts';
import type { SecretName } from '../store/secret-store.ts';
import { MasterKeyError } from './master-key.ts';
import { ownerOfSecret } from './own-secrets.ts';
import type { SecretVault } from './secret-vault.ts';

/** A use of a secret of the store. */
export interface SecretUse {
  readonly secret: SecretName;
  readonly user: SecretUser;
}

export interface SecretOperationsOptions {
  readonly vault: SecretVault;
  /** Throws where another process serves the data directory, which has to know of every change. */
  assertWritable(): void;
  /** Every use of every secret, as things stand. */
  uses(): readonly SecretUse[];
  /** Hears what was set or removed. */
  onChange(secret: SecretName): void;
}

/** The secrets of the store, for those who may set and remove them. */
export function createSecretOperations(options: SecretOperationsOptions): SecretOperations {
  const { vault } = options;
  const usersOf = ({ namespace, name }: SecretName): readonly SecretUser[] =>
    options
      .uses()
      .filter(({ secret }) => secret.namespace === namespace && secret.name === name)
      .map(({ user }) => user);
  return {
    async listSecrets(): Promise<readonly SecretInfo[]> {
      const byName = Map.groupBy(await vault.list(), describeSecret);
      return [...byName.values()].flatMap((versions) => {
        const [first] = versions;
        if (first === undefined) return [];
        const { namespace, name } = first;
        const known = versions.map(({ version, createdAt }) => ({ version, createdAt }));
        return [{ namespace, name, versions: known, usedBy: usersOf(first) }];
      });
    },
    async setSecret(request, _options?: CallOptions): Promise<SecretChange> {
      const { namespace, name } = requireSecret(request);
      requireSecretValue(request.value);
      requireOpen({ namespace, name });
      options.assertWritable();
      const version = await vault.add({ namespace, name }, request.value).catch(explainKey);
      options.onChange({ namespace, name });
      return { namespace, name, version, message: `set ${namespace}/${name}, version ${version}` };
    },
    async removeSecret(request, _options?: CallOptions): Promise<SecretChange> {
      const { namespace, name } = requireSecret(request);
      const { version, force } = request;
      requireSecretVersion(version);
      options.assertWritable();
      const secret = { namespace, name };
      const versions = (await vault.list()).filter((one) => describeSecret(one) === describeSecret(secret));
      if (!versions.some((one) => version === undefined || one.version === version))
        throw new NotFoundError(
          `there is no ${version === undefined ? '' : `version ${version} of the `}secret ${namespace}/${name}`,
          { details: { reason: 'unknown_secret' } },
        );
      const latest = versions.at(-1)?.version;
      // An older version is missed by those who name it, the latest by those who name none as well, unless an older one takes its place.
      const users = usersOf(secret).filter(
        (user) => version === undefined || (user.version ?? (versions.length > 1 ? undefined : latest)) === version,
      );
      if (users.length > 0 && force !== true) throw inUse(secret, users);
      await vault.remove(secret, version);
      options.onChange(secret);
      const what = version === undefined ? `${namespace}/${name}` : `version ${version} of ${namespace}/${name}`;
      return { ...secret, ...(version === undefined ? {} : { version }), message: `removed ${what}` };
    },
  };
}

/** The secrets that a connector or profile brought along change with it. */
function requireOpen(secret: SecretName): void {
  const owner = ownerOfSecret(secret);
  if (owner === undefined) return;
  const { kind, name } = owner;
  throw new InvalidInputError(
    `the secret ${describeSecret(secret)} belongs to the ${kind} "${name}": update that, or choose another namespace`,
    { ...(kind === 'connector' ? { connector: name } : {}), details: { reason: 'not_owned' } },
  );
}

function inUse(secret: SecretName, users: readonly SecretUser[]): InvalidInputError {
  const named = users.map(({ kind, name }) => `the ${kind} "${name}"`).join(', ');
  return new InvalidInputError(
    `the secret ${describeSecret(secret)} is used by ${named}, which could not do without it: change that first, or force its removal`,
    { details: { reason: 'secret_in_use', used_by: users.map(({ kind, name }) => `${kind} ${name}`) } },
  );
}

/** Throws on, a key that cannot be used as what it means for whoever wants something stored. */
export function explainKey(error: unknown): never {
  if (!(error instanceof MasterKeyError)) throw error;
  throw new UnavailableError(`the secret cannot be stored: ${error.message}`, {
    retryable: false,
    blame: 'operator',
    effect: 'none',
    details: { reason: 'master_key' },
  });
}
