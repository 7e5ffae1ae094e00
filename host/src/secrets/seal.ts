import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SealedSecret, SecretId } from '../store/secret-store.ts';
import type { MasterKey } from './master-key.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals a value under a key of its own, and wraps that under the master key. Both hold for this secret and version alone. */
export function sealSecret(secret: SecretId, value: string, master: MasterKey): SealedSecret {
  const dataKey = randomBytes(KEY_BYTES);
  return {
    keyId: master.id,
    dataKey: encrypt(wrappingKey(master), dataKey, bindTo(secret, master.id)),
    sealed: encrypt(dataKey, Buffer.from(value, 'utf8'), bindTo(secret)),
  };
}

/** The value, or undefined where what is stored is not what was: damaged, of another secret or version, or under another key. */
export function openSecret(secret: SecretId & SealedSecret, master: MasterKey): string | undefined {
  const dataKey = decrypt(wrappingKey(master), secret.dataKey, bindTo(secret, secret.keyId));
  if (dataKey === undefined) return undefined;
  return decrypt(dataKey, secret.sealed, bindTo(secret))?.toString('utf8');
}

/** The data key wrapped under another master key; undefined as above. The value is not looked at. */
export function rewrapSecret(
  secret: SecretId & SealedSecret,
  from: MasterKey,
  to: MasterKey,
): Omit<SealedSecret, 'sealed'> | undefined {
  const dataKey = decrypt(wrappingKey(from), secret.dataKey, bindTo(secret, secret.keyId));
  if (dataKey === undefined) return undefined;
  return { keyId: to.id, dataKey: encrypt(wrappingKey(to), dataKey, bindTo(secret, to.id)) };
}

function wrappingKey(master: MasterKey): Buffer {
  return master.derive('secrets');
}

/** What a ciphertext is bound to: nothing that stands in another row opens in its place. */
function bindTo({ namespace, name, version }: SecretId, ...key: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(['automate secret 1', namespace, name, version, ...key]));
}

/** Nonce, ciphertext and tag, one after the other. */
export function encrypt(key: Buffer, plain: Buffer, bound: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(bound);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined where the ciphertext is not what was made with this key and for this place. */
export function decrypt(key: Buffer, sealed: Uint8Array, bound: Buffer): Buffer | undefined {
  if (key.length !== KEY_BYTES || sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(bound)
    .setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    // The tag does not fit.
    return undefined;
  }
}
