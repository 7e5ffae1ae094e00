import { readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Where an import failed. */
export interface ImportPlace {
  readonly file: string;
  /** From 1. */
  readonly line?: number;
}

/** Modules to look through for a syntax error. */
const MOST_FILES = 200;

/**
 * Finds the file and line at which an import failed. Errors thrown by a module name the place in their stack, missing
 * modules in their message; a syntax error names none, so the modules are looked through for the one that does not parse.
 */
export function locateImportError(entryUrl: string, thrown: unknown): ImportPlace | undefined {
  try {
    const { stack = '', message = '', name = '' } = asError(thrown);
    return fromStack(stack) ?? fromMessage(message) ?? (name === 'SyntaxError' ? findUnparsable(entryUrl) : undefined);
  } catch {
    // This only adds to an error; failing at it must not replace it.
    return undefined;
  }
}

function asError(thrown: unknown): { readonly stack?: string; readonly message?: string; readonly name?: string } {
  return typeof thrown === 'object' && thrown !== null ? thrown : {};
}

function fromStack(stack: string): ImportPlace | undefined {
  for (const line of stack.split('\n')) {
    if (line.includes('node:internal')) continue;
    const found = /(file:\/\/[^\s()]+?|(?<=[\s(]|^)\/[^\s()]+?):(\d+)(?::\d+)?\)?$/.exec(line);
    if (found?.[1] === undefined || found[1].startsWith(import.meta.url.slice(0, import.meta.url.lastIndexOf('/'))))
      continue;
    return { file: toPath(found[1]), line: Number(found[2]) };
  }
  return undefined;
}

function fromMessage(message: string): ImportPlace | undefined {
  const importer = /imported from (\S+)/.exec(message)?.[1];
  if (importer === undefined) return undefined;
  const file = toPath(importer);
  const wanted = /Cannot find (?:package|module) '([^']+)'/.exec(message)?.[1];
  const lines = readFileSync(file, 'utf8').split('\n');
  const last = wanted?.split('/').at(-1);
  const index =
    last === undefined
      ? -1
      : lines.findIndex((text) => /\b(?:import|require|export)\b/.test(text) && text.includes(last));
  return index === -1 ? { file } : { file, line: index + 1 };
}

function findUnparsable(entryUrl: string): ImportPlace | undefined {
  // It reads TypeScript, of which JavaScript is all but a subset, and says the line. Older releases do not have it.
  const { stripTypeScriptTypes } = nodeModule;
  if (typeof stripTypeScriptTypes !== 'function') return undefined;
  const seen = new Set<string>();
  const waiting = [entryUrl];
  for (let url = waiting.pop(); url !== undefined && seen.size < MOST_FILES; url = waiting.pop()) {
    if (seen.has(url)) continue;
    seen.add(url);
    const source = readFileSync(fileURLToPath(url), 'utf8');
    try {
      stripTypeScriptTypes(source);
    } catch (fault) {
      const line = /^:(\d+)/.exec(asError(fault).stack ?? '')?.[1];
      return { file: fileURLToPath(url), ...(line === undefined ? {} : { line: Number(line) }) };
    }
    for (const [, specifier = ''] of source.matchAll(/\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)) {
      waiting.push(new URL(specifier, url).href);
    }
  }
  return undefined;
}

function toPath(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : fileURLToPath(pathToFileURL(file));
}
