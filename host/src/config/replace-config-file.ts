import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UnavailableError } from '@automate/contract';
import { errorCode } from './error-code.ts';

/** Name in the data directory of what the configuration file was before it was last replaced. */
export const BEFORE_APPLY_FILE = 'connectors.before-apply.yaml';

/**
 * Puts a text in the place of a file at once: whoever reads it, and whatever ends this process, finds the one or the other, whole. It
 * stays whose it was, as far as this user may give files away, and what it was is kept at `before`, for this user alone; where there is
 * none, it is made, with its directory. Rejects with UNAVAILABLE where the file system does not let it, and the file is as it was.
 */
export async function replaceConfigFile(file: string, text: string, before: string): Promise<void> {
  // A link goes on to lead to it.
  const target = await realpath(file).catch(() => file);
  const known = await stat(target).catch(() => undefined);
  if (known !== undefined)
    await writeWhole(before, await readText(target)).catch((error: unknown) => {
      throw notWritten(`what the configuration file was cannot be written down in ${before}`, before, error);
    });
  try {
    if (known === undefined) await mkdir(dirname(target), { recursive: true });
    await writeWhole(target, text, known);
  } catch (error) {
    throw notWritten(`the configuration file ${file} cannot be written`, file, error);
  }
}

function notWritten(what: string, file: string, cause: unknown): UnavailableError {
  const code = errorCode(cause);
  return new UnavailableError(
    `${what} (${code}): everything is as it was; change it where it comes from, or give the host's user the right to write there`,
    {
      retryable: false,
      blame: 'operator',
      details: { reason: code === 'ENOSPC' || code === 'EDQUOT' ? 'storage_full' : 'storage_read_only', file },
      cause,
    },
  );
}

async function readText(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** @param known whose it is to be, and how open. Default: this user's, and closed to others */
async function writeWhole(file: string, text: string, known?: Stats): Promise<void> {
  // Of its own, as another process may be writing the same file.
  const draft = join(dirname(file), `.${basename(file)}.${randomUUID()}.draft`);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      if (known !== undefined) {
        await handle.chown(known.uid, known.gid).catch(() => undefined);
        await handle.chmod(known.mode & 0o777);
      }
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  const directory = await open(dirname(file), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
