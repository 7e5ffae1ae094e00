import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject } from '@automate/contract';
import { parseJson } from '../discovery/parse-json.ts';
import type { Signature } from './signature.ts';

/** An author's signature lies in the package itself, and is not among what it is over. */
export const SIGNATURE_FILE = 'connector.sig';

/** Undefined where there is none, or none that can be read. */
export function readSignatureFile(packageDir: string): Signature | undefined {
  let text: string;
  try {
    text = readFileSync(join(packageDir, SIGNATURE_FILE), 'utf8');
  } catch {
    return undefined; // most packages have none
  }
  const json = parseJson(text);
  if (!json.ok || !isJsonObject(json.value)) return undefined;
  const { key, value } = json.value;
  return typeof key === 'string' && typeof value === 'string' ? { key, value } : undefined;
}
