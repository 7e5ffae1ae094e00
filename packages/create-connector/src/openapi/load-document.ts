import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { OpenApiDocument } from '@automate/openapi';
import { readDocument } from '@automate/openapi';

/** The longest document that is read, and how long its server may take. */
const MAX_BYTES = 32 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

export interface LoadedDocument {
  readonly document: OpenApiDocument;
  /** Where it came from, where that was a URL: its servers may be relative to it. */
  readonly url?: string;
}

/**
 * Reads an OpenAPI document from a URL, or from a file below the current folder.
 *
 * @throws Error in words for a person: what cannot be read, and why
 */
export async function loadDocument(place: string): Promise<LoadedDocument> {
  if (!/^https?:\/\//i.test(place)) {
    const text = await readFile(resolve(place), 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new Error(`the file cannot be read (${error.code ?? error.message})`);
    });
    return { document: await readDocument(text) };
  }
  const answer = await fetch(place, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: Error) => {
    throw new Error(`it cannot be fetched (${error.cause instanceof Error ? error.cause.message : error.message})`);
  });
  if (!answer.ok) throw new Error(`its server answers ${answer.status} ${answer.statusText}`.trimEnd());
  return { document: await readDocument(await textOf(answer)), url: answer.url };
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.byteLength;
    if (length > MAX_BYTES) throw new Error(`it is longer than ${MAX_BYTES / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
