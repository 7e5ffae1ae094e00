import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto';
import { matchesPattern } from '@automate/contract';
import type { LockedPackage } from './connectors-lock.ts';

export type Signature = NonNullable<LockedPackage['signature']>;

/** What a signature is over. */
export interface SignedFacts extends Pick<LockedPackage, 'version' | 'integrity' | 'manifest'> {
  /** As it is called in node_modules. */
  readonly package: string;
}

/** Pattern of package names → Ed25519 public keys whose signatures count for them, in base64 of their DER form. */
export type TrustedKeys = Readonly<Record<string, readonly string[]>>;

/** What a signature is worth. */
export type SignatureVerdict =
  | { readonly kind: 'trusted'; readonly key: string }
  | { readonly kind: 'unsigned' }
  /** No key that is trusted for the package has that id. */
  | { readonly kind: 'unknown_key'; readonly key: string }
  /** It is over something else, or spoilt. */
  | { readonly kind: 'wrong'; readonly key: string };

/** @param pem a private key; throws Error for what is no Ed25519 key */
export function signPackage(facts: SignedFacts, pem: string): Signature {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new Error('it is no private key in PEM form without a passphrase');
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`it is a key of the type ${String(key.asymmetricKeyType)}, and not Ed25519`);
  return { key: keyId(createPublicKey(key)), value: sign(null, toBytes(facts), key).toString('base64') };
}

/** The public key to a private one, as `trusted_keys` takes it. */
export function publicKeyOf(pem: string): string {
  return createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'der' }).toString('base64');
}

export function verifyPackage(
  facts: SignedFacts,
  signature: Signature | undefined,
  trusted: TrustedKeys,
): SignatureVerdict {
  if (signature === undefined) return { kind: 'unsigned' };
  const { key: id, value } = signature;
  const keys = Object.entries(trusted)
    .filter(([pattern]) => matchesPattern(facts.package, pattern))
    .flatMap(([, texts]) => texts.flatMap((text) => readPublicKey(text) ?? []));
  const key = keys.find((each) => keyId(each) === id);
  if (key === undefined) return { kind: 'unknown_key', key: id };
  const holds = verify(null, toBytes(facts), key, Buffer.from(value, 'base64'));
  return { kind: holds ? 'trusted' : 'wrong', key: id };
}

/** Why a package does not count as signed, as the end of a sentence about it; undefined where it does. */
export function explainVerdict(verdict: SignatureVerdict): string | undefined {
  switch (verdict.kind) {
    case 'trusted':
      return undefined;
    case 'unsigned':
      return 'is not signed';
    case 'unknown_key':
      return `is signed by the key ${verdict.key}, which plugins.trusted_keys has not for it`;
    case 'wrong':
      return `has a signature by the key ${verdict.key} that is over something else`;
    default:
      return verdict satisfies never;
  }
}

/** A line for each, so that none can pass for a part of another. */
function toBytes({ package: name, version, integrity, manifest }: SignedFacts): Buffer {
  return Buffer.from(['automate-connector-signature-v1', name, version, integrity, manifest, ''].join('\n'));
}

function readPublicKey(text: string): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(text, 'base64'), type: 'spki', format: 'der' });
  } catch {
    return undefined; // the configuration's schema has its form; what is no point of the curve signs nothing
  }
}

function keyId(key: KeyObject): string {
  return hash('sha256', key.export({ type: 'spki', format: 'der' }), 'hex').slice(0, 16);
}
