import { readFile } from 'node:fs/promises';
import type { ConnectorContext, HttpClient } from '@automate/sdk';
import { ConfigInvalidError, UpstreamError } from '@automate/sdk';
import type { OpenApiDocument } from '@automate/openapi';
import { DocumentError, readDocument } from '@automate/openapi';
import type { OpenApiSettings } from './config.ts';

/** The longest document that is read. */
const MAX_BYTES = 32 * 1024 * 1024;

export interface LoadedDocument {
  readonly document: OpenApiDocument;
  /** Where it came from, where that was a URL. */
  readonly url?: string;
}

/**
 * Reads the document from where the settings say.
 *
 * @throws ConfigInvalidError where the operator must act, UpstreamError where the document's server must, and what the network says
 */
export async function loadDocument(
  { document: source }: OpenApiSettings,
  { id, files }: Pick<ConnectorContext, 'id' | 'files'>,
  http: HttpClient,
): Promise<LoadedDocument> {
  if (typeof source !== 'string') return { document: await read(source, invalid(id, 'settings.document')) };
  if (/^https?:\/\//i.test(source)) {
    const answer = await http.request({
      path: source,
      anyOrigin: true,
      maxBytes: MAX_BYTES,
      headers: { accept: 'application/json, application/yaml, */*;q=0.5' },
    });
    const document = await read(
      answer.text(),
      (message) =>
        new UpstreamError(`what ${place(answer.url)} answers is no document: ${message}`, {
          retryable: false,
          effect: 'none',
          details: { reason: 'bad_document' },
        }),
    );
    return { document, url: answer.url };
  }
  if (/^\s*\{|\n/.test(source)) return { document: await read(source, invalid(id, 'settings.document')) };
  const path = files.locate(source.replace(/^file:\/\//, ''), { field: 'settings.document' });
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw invalid(id, `the file "${source}"`)(`it cannot be read (${error.code ?? error.message})`);
  });
  return { document: await read(text, invalid(id, `the file "${source}"`)) };
}

async function read(
  source: Parameters<typeof readDocument>[0],
  failed: (message: string) => Error,
): Promise<OpenApiDocument> {
  try {
    return await readDocument(source);
  } catch (error) {
    throw error instanceof DocumentError ? failed(error.message) : error;
  }
}

function invalid(id: string, what: string): (message: string) => ConfigInvalidError {
  return (message) =>
    new ConfigInvalidError(`connector "${id}" has no OpenAPI document: ${what}: ${message}`, {
      problems: [{ path: 'settings.document', expected: 'an OpenAPI document', received: message }],
      details: { reason: 'bad_document' },
    });
}

/** A query may hold a secret. */
function place(url: string): string {
  return url.replace(/[?#].*$/s, '');
}
