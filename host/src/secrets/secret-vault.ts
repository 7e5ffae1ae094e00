import { describeSecret } from '../store/secret-store.ts';
import type { SecretId, SecretName, SecretStore, StoredVersion } from '../store/secret-store.ts';
import type { MasterKeys } from './master-key.ts';
import { MasterKeyError } from './master-key.ts';
import { openSecret, rewrapSecret, sealSecret } from './seal.ts';
import type { SecretRead } from './secret-backend.ts';

/** What a rotation did. */
export interface Rotation {
  /** Id of the key that is in use now. */
  readonly keyId: string;
  /** Whether it was made by this rotation; false where one had begun before that had not come to its end, or the operator gave it. */
  readonly renewed: boolean;
  /** Versions of secrets that were wrapped anew. */
  readonly rewrapped: number;
  /** Versions that cannot be read, and stay as they are; each with the reason. */
  readonly unreadable: readonly string[];
}

export interface SecretVault extends AsyncDisposable {
  list(): Promise<readonly StoredVersion[]>;
  /** The version that is asked for, or the latest. Never rejects. */
  read(secret: SecretName, version?: number): Promise<SecretRead>;
  /** Adds the next version; gives its number. Rejects with MasterKeyError, or as the store does. */
  add(secret: SecretName, value: string): Promise<number>;
  /** Drops one version, or all; gives how many there were. */
  remove(secret: SecretName, version?: number): Promise<number>;
  /**
   * Puts a new master key in use and wraps every secret under it. Where that was begun before and did not come to its end, it is
   * finished, and no further key is made. It may end at any point: whatever is under whichever key can be read.
   */
  rotate(): Promise<Rotation>;
  /** Which keys some of the secrets are sealed under that are not there, in a sentence for the operator; undefined where all are. */
  findLostKeys(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Secrets in the store, sealed under the master key in use. Keeps neither values nor keys between two calls. */
export function openSecretVault(store: SecretStore, keys: MasterKeys): SecretVault {
  const find = async (secret: SecretName, version?: number): Promise<SecretRead> => {
    const stored = await store.read(secret, version);
    if (stored === undefined) return unreadable(describeAbsent(secret, version));
    const known = keys.all();
    const master = known.find(({ id }) => id === stored.keyId);
    if (master === undefined)
      return unreadable(
        `it is sealed under the master key ${stored.keyId}, which is not in ${keys.file}: put that key back, below the one in use, or set the secret anew`,
      );
    const value = openSecret(stored, master);
    return value === undefined
      ? unreadable(
          `what is stored as ${describeSecret(stored)}, version ${stored.version}, was changed or damaged: restore it from a backup, or set the secret anew`,
        )
      : { ok: true, value };
  };
  // A key that were made now would hide that the other is lost, or that this process was not told where it is.
  const requireKnown = (ids: ReadonlySet<string>): void => {
    if (ids.size === 0 || keys.all().some(({ id }) => ids.has(id))) return;
    throw new MasterKeyError(
      `the master key: the stored secrets are sealed under ${[...ids].join(', ')}, which is not in ${keys.file}: name the file that holds it with MASTER_KEY_FILE, or put it back`,
    );
  };
  const wrapUnder = async (id: SecretId, keyId: string): Promise<string | undefined> => {
    let reason: string | undefined;
    await store.rewrap(id, (stored) => {
      const known = keys.all();
      const [to] = known.filter((key) => key.id === keyId);
      const from = known.find((key) => key.id === stored.keyId);
      const same = { keyId: stored.keyId, dataKey: stored.dataKey };
      if (to === undefined || stored.keyId === keyId) return same;
      if (from === undefined) {
        reason = `the master key ${stored.keyId} is not in ${keys.file}`;
        return same;
      }
      const wrapped = rewrapSecret(stored, from, to);
      if (wrapped === undefined) reason = 'its row was changed or damaged';
      return wrapped ?? same;
    });
    return reason === undefined ? undefined : `${describeSecret(id)}, version ${id.version}: ${reason}`;
  };
  return {
    list: () => store.list(),
    read: (secret, version) =>
      find(secret, version).catch((error: unknown) =>
        unreadable(error instanceof Error ? error.message : String(error)),
      ),
    async add(secret, value) {
      requireKnown(new Set((await store.list()).map(({ keyId }) => keyId)));
      return store.add(secret, (version) => sealSecret({ ...secret, version }, value, keys.current()));
    },
    remove: (secret, version) => store.remove(secret, version),
    async rotate() {
      const { key, renewed } = await store.withKeyIds((ids) => {
        requireKnown(ids);
        const inUse = keys.current();
        const isUnfinished = [...ids].some((id) => id !== inUse.id);
        return isUnfinished || !keys.besideData ? { key: inUse, renewed: false } : { key: keys.renew(), renewed: true };
      });
      const outdated = (await store.list()).filter(({ keyId }) => keyId !== key.id);
      const failed: string[] = [];
      for (const version of outdated) {
        const reason = await wrapUnder(version, key.id);
        if (reason !== undefined) failed.push(reason);
      }
      return { keyId: key.id, renewed, rewrapped: outdated.length - failed.length, unreadable: failed };
    },
    async findLostKeys() {
      const ids = new Set((await store.list()).map(({ keyId }) => keyId));
      if (ids.size === 0) return undefined;
      for (const { id } of keys.all()) ids.delete(id);
      return ids.size === 0
        ? undefined
        : `stored secrets are sealed under the master key ${[...ids].join(', ')}, which is not in ${keys.file}: connectors that use them cannot start; put that key back, below the one in use, or set the secrets anew`;
    },
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

/** In words for the operator, with what to do about it. */
export function describeAbsent(secret: SecretName, version: number | undefined): string {
  const what = describeSecret(secret);
  return version === undefined
    ? `there is no secret ${what}: set it with "automate secrets set ${what}"`
    : `there is no version ${version} of the secret ${what}`;
}

function unreadable(reason: string): SecretRead {
  return { ok: false, reason };
}
