import type { JsonObject } from '@automate/contract';
import { isJsonObject, quote } from '@automate/contract';
import { DocumentError } from './document-error.ts';
import { requireBounded } from './require-bounded.ts';

/** An OpenAPI document of 3.0 or later, as it was read. */
export interface OpenApiDocument {
  readonly root: JsonObject;
  /** As the document says it: `3.0.3`. `2.0` for one that was made 3.0 on the way in. */
  readonly version: string;
  readonly title: string;
}

/**
 * Reads a document from its text, YAML or JSON, or from a value. One of Swagger 2.0 is turned into 3.0 first.
 *
 * @throws DocumentError where it is no OpenAPI document
 */
export async function readDocument(source: string | JsonObject): Promise<OpenApiDocument> {
  const value: unknown = typeof source === 'string' ? await parseText(source) : source;
  if (!isJsonObject(value)) throw new DocumentError(`expected an OpenAPI document, got ${describe(value)}`);
  if (value['swagger'] !== undefined) return { ...named(await fromSwagger(value)), version: '2.0' };
  const version = value['openapi'];
  if (typeof version !== 'string' || !/^3\.\d/.test(version))
    throw new DocumentError(
      `expected an OpenAPI document of version 3, with "openapi: 3.x" at its top, got ${version === undefined ? 'none' : `"openapi: ${describe(version)}"`}`,
    );
  const { paths } = value;
  if (paths !== undefined && paths !== null && !isJsonObject(paths))
    throw new DocumentError('expected an object at "paths" of the OpenAPI document');
  return { ...named(value), version };
}

function named(root: JsonObject): Pick<OpenApiDocument, 'root' | 'title'> {
  const { info } = root;
  const title = isJsonObject(info) ? info['title'] : undefined;
  return { root, title: typeof title === 'string' ? title : '' };
}

async function parseText(text: string): Promise<unknown> {
  const bare = text.replace(/^\uFEFF/, '');
  if (/^\s*\{/.test(bare)) {
    try {
      return JSON.parse(bare);
    } catch {
      // YAML may begin like that too, and says where it is wrong.
    }
  }
  const { load, CORE_SCHEMA } = await import('js-yaml');
  let value: unknown;
  try {
    value = load(bare, { schema: CORE_SCHEMA });
  } catch (error) {
    const { message } = error as Error;
    throw new DocumentError(`expected YAML or JSON, got a text that is neither: ${message.split('\n', 1)[0]}`);
  }
  requireBounded(value);
  return value;
}

async function fromSwagger(value: JsonObject): Promise<JsonObject> {
  if (value['swagger'] !== '2.0' && value['swagger'] !== 2)
    throw new DocumentError(
      `expected an OpenAPI document of version 3, or of Swagger 2.0, got "swagger: ${describe(value['swagger'])}"`,
    );
  const { upgradeFromTwoToThree } = await import('@scalar/openapi-upgrader/2.0-to-3.0');
  try {
    // It works on what it is given.
    return upgradeFromTwoToThree(structuredClone(value));
  } catch (error) {
    throw new DocumentError(`the document of Swagger 2.0 cannot be read: ${(error as Error).message}`);
  }
}

/** What it is. What stands in it is shown only where it is a version: the place may be one that the reader must not see. */
function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return /^[\d.]{1,20}$/.test(value) ? quote(value) : 'a text';
  return typeof value === 'boolean' ? 'yes or no' : 'an object';
}
