import type { FileHandle } from 'node:fs/promises';
import { UpstreamError } from '@automate/sdk';
import type { Source } from './upload.ts';

/** The bytes of a file, as long as nobody changes it. */
export async function fileSource(handle: FileHandle, path: string): Promise<Source> {
  const { size, mtimeMs } = await handle.stat();
  return {
    size,
    async read(start, length) {
      const bytes = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      const now = await handle.stat();
      if (filled < length || now.size !== size || now.mtimeMs !== mtimeMs) throw sourceChanged(`"${path}"`);
      return bytes;
    },
  };
}

/** A source that is not the same any more: its parts would not fit together. */
export function sourceChanged(what: string): UpstreamError {
  return new UpstreamError(`${what} was changed while it was read; nothing of it was written`, {
    effect: 'none',
    retryable: true,
    blame: 'caller',
    details: { reason: 'source_changed' },
  });
}
