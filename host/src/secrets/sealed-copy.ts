import type { MasterKey } from './master-key.ts';
import { openSecret, sealSecret } from './seal.ts';

const COPY = { namespace: 'copies', name: 'connectors.db', version: 1 };

/** A copy of the database, sealed as a secret is, as the text of a file. */
export function sealCopy(database: Uint8Array, master: MasterKey): string {
  const { keyId, dataKey, sealed } = sealSecret(COPY, Buffer.from(database).toString('base64'), master);
  const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return `${JSON.stringify({ key_id: keyId, data_key: toText(dataKey), sealed: toText(sealed) })}\n`;
}

/** The database in a sealed copy. Throws, in words for the operator, for what is none, or is under a key that is not there. */
export function openCopy(text: string, keys: readonly MasterKey[]): Buffer {
  const { key_id: keyId, data_key: dataKey, sealed } = readCopy(text);
  const master = keys.find(({ id }) => id === keyId);
  if (master === undefined)
    throw new Error(
      `the copy is sealed under the master key ${keyId}, which is not there: name its file with MASTER_KEY_FILE`,
    );
  const toBytes = (base64: string): Buffer => Buffer.from(base64, 'base64');
  const database = openSecret({ ...COPY, keyId, dataKey: toBytes(dataKey), sealed: toBytes(sealed) }, master);
  if (database === undefined) throw new Error('the copy was changed or damaged');
  return toBytes(database);
}

function readCopy(text: string): { readonly key_id: string; readonly data_key: string; readonly sealed: string } {
  try {
    const { key_id, data_key, sealed } = JSON.parse(text) as Record<string, unknown>;
    return { key_id: String(key_id), data_key: String(data_key), sealed: String(sealed) };
  } catch {
    throw new Error('this is no sealed copy of a database');
  }
}
