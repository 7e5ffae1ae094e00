import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { SecretReference } from '@automate/contract/schemas';
import { withOpenFile } from '../../config/with-open-file.ts';
import type { SecretBackend, SecretRead } from '../secret-backend.ts';

/** Largest secret, in bytes: room for a chain of certificates. */
const MAX_SECRET_BYTES = 64 * 1024;
/** Everything that others than the owner may do, and that nobody may do with a secret. */
const FORBIDDEN_MODE = 0o177;

/**
 * `secretref://file/NAMESPACE/NAME` reads `<directory>/NAMESPACE/NAME`: a regular file that only its owner may read
 * (mode 0600 or stricter), within the directory even after symbolic links. One newline at its end is no part of it.
 */
export function createFileBackend(directory: string | undefined): SecretBackend {
  return {
    async read(reference) {
      if (directory === undefined || directory === '')
        return unreadableSecret('SECRETS_DIR is not set, so there are no files to read');
      const found = await confine(directory, reference);
      return typeof found === 'string' ? readSecret(found, describeSecretFile(reference)) : found;
    },
  };
}

/** The real path of the file, if it lies within the real directory. */
async function confine(directory: string, reference: SecretReference): Promise<string | SecretRead> {
  const name = describeSecretFile(reference);
  try {
    const root = await realpath(directory);
    const file = await realpath(join(root, reference.namespace, reference.name));
    const inside = relative(root, file);
    // On the way out a relative path starts with "..", which is also how mounted secrets name their hidden directories.
    return inside.split(/[\\/]/)[0] === '..' ? unreadableSecret(`${name} leads out of SECRETS_DIR`) : file;
  } catch (error) {
    return unreadableSecret(`${name} ${whyUnreadable(error)}`);
  }
}

async function readSecret(file: string, name: string): Promise<SecretRead> {
  try {
    // The path has no links left; one that appears now is an attack. A pipe must not make the host wait.
    return await withOpenFile(file, (handle) => readHandle(handle, name), constants.O_NOFOLLOW);
  } catch (error) {
    return unreadableSecret(`${name} ${whyUnreadable(error)}`);
  }
}

async function readHandle(handle: FileHandle, name: string): Promise<SecretRead> {
  const stats = await handle.stat();
  if (!stats.isFile()) return unreadableSecret(`${name} is not a regular file`);
  if ((stats.mode & FORBIDDEN_MODE) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    return unreadableSecret(`${name} has the mode ${mode}, which is wider than 0600: chmod 600 it`);
  }
  if (stats.size > MAX_SECRET_BYTES) return unreadableSecret(`${name} is larger than ${MAX_SECRET_BYTES} bytes`);
  const bytes = Buffer.alloc(MAX_SECRET_BYTES + 1);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
  const content = bytes.subarray(0, bytesRead);
  if (bytesRead > MAX_SECRET_BYTES) return unreadableSecret(`${name} is larger than ${MAX_SECRET_BYTES} bytes`);
  if (!isUtf8(content) || content.includes(0)) return unreadableSecret(`${name} is not text in UTF-8`);
  const value = content.toString('utf8').replace(/\r?\n$/, '');
  return value === '' ? unreadableSecret(`${name} is empty`) : { ok: true, value };
}

function describeSecretFile({ namespace, name }: SecretReference): string {
  return `the file ${namespace}/${name} in SECRETS_DIR`;
}

function whyUnreadable(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by the host';
  return `cannot be read (${typeof code === 'string' ? code : 'unknown error'})`;
}

function unreadableSecret(reason: string): SecretRead & { ok: false } {
  return { ok: false, reason };
}
