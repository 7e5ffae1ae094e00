import { isUtf8 } from 'node:buffer';
import type { Stats } from 'node:fs';
import type { Problem } from '@automate/contract';
import { errorCode } from './error-code.ts';
import { withOpenFile } from './with-open-file.ts';

/** Largest configuration file, in bytes. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

export type ReadConfigFile =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads a configuration file as text: a regular file of bounded size in UTF-8, a byte order mark passed over. Anything
 * else is a problem; never rejects, and never waits for a pipe.
 */
export async function readConfigFile(file: string): Promise<ReadConfigFile> {
  try {
    return await withOpenFile(file, async (handle): Promise<ReadConfigFile> => {
      const unfit = explainUnfit(file, await handle.stat());
      if (unfit !== undefined) return { ok: false, problems: [unfit] };
      const bytes = Buffer.alloc(MAX_CONFIG_BYTES + 1);
      const length = await readUpTo(handle, bytes);
      // It may have grown since.
      if (length > MAX_CONFIG_BYTES) return refuseConfigFile(file, `at most ${MAX_CONFIG_BYTES} bytes`, 'more');
      return decodeConfigFile(file, bytes.subarray(0, length));
    });
  } catch (error) {
    const code = errorCode(error);
    return refuseConfigFile(file, 'a file that can be read', code === 'ENOENT' ? 'no such file' : `the error ${code}`);
  }
}

/** Why a file is no configuration, by what the system says of it. */
export function explainUnfit(file: string, stats: Stats): Problem | undefined {
  if (!stats.isFile()) {
    const received = stats.isDirectory() ? 'a directory' : 'something else';
    return { path: '', expected: 'a regular file', received, file };
  }
  if (stats.size <= MAX_CONFIG_BYTES) return undefined;
  return { path: '', expected: `at most ${MAX_CONFIG_BYTES} bytes`, received: `${stats.size} bytes`, file };
}

async function readUpTo(
  handle: { read(buffer: Buffer, offset: number, length: number): Promise<{ bytesRead: number }> },
  bytes: Buffer,
): Promise<number> {
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

function decodeConfigFile(file: string, bytes: Buffer): ReadConfigFile {
  if (!isUtf8(bytes))
    return {
      ok: false,
      problems: [{ path: '', expected: 'text in UTF-8', received: 'other bytes', file, ...placeOfBadByte(bytes) }],
    };
  // The decoder takes a byte order mark away.
  return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
}

function placeOfBadByte(bytes: Buffer): { readonly line: number; readonly column: number } {
  let start = 0;
  for (let line = 1; ; line += 1) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    if (!isUtf8(bytes.subarray(start, end))) return { line, column: 1 };
    if (newline < 0) return { line: 1, column: 1 };
    start = newline + 1;
  }
}

function refuseConfigFile(file: string, expected: string, received: string): ReadConfigFile {
  return { ok: false, problems: [{ path: '', expected, received, file }] };
}
