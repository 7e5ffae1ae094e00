import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { threadId } from 'node:worker_threads';
import type { Permission } from '@automate/contract';
import type { ConnectorScope } from './connector-scope.ts';
import { SCOPE_CHANNEL } from './connector-scope.ts';
import { watchMachine } from './watch-machine.ts';

/** One thing of the machine that a kind's code used, in the words of a manifest. */
export interface Use {
  readonly kind: string;
  readonly permission: Permission;
  /** `host:port` as it was asked for, a variable's name, an absolute path, a program. */
  readonly value: string;
  /** Whether configuration or payload named it, rather than the code. */
  readonly given: boolean;
  /** Whether a library of the connector's did it, of files and variables: often what it would do with, and not what it needs. */
  readonly byLibrary: boolean;
}

/** Read by nearly every library, and no secret. */
const INNOCENT = new Set(['NODE_ENV', 'NODE_DEBUG', 'DEBUG', 'TZ']);

/**
 * Records in this thread, from now on, what connectors of a package use: each once, as lines of JSON in a file of its own in the directory.
 *
 * @param packageDir real path of the package
 */
export function recordUses(directory: string, packageDir: string): void {
  const scopes = new AsyncLocalStorage<ConnectorScope>();
  const told = new Set<string>();
  const file = join(directory, `${process.pid}-${threadId}.jsonl`);
  const note = (permission: Permission, value: string, isNamedBy: (text: string) => boolean): void => {
    const scope = scopes.getStore();
    if (scope === undefined || value === '') return;
    const reader = permission === 'network' || permission === 'child_process' ? 'connector' : whoAsks(packageDir);
    if (reader === 'node') return;
    const given = scope.given.some((text) => isNamedBy(text));
    const use: Use = { kind: scope.kind, permission, value, given, byLibrary: reader === 'library' };
    const line = `${JSON.stringify(use)}\n`;
    if (told.has(line)) return;
    told.add(line);
    // What is written here is none of its own doing.
    scopes.exit(() => appendFileSync(file, line));
  };
  channel(SCOPE_CHANNEL).bindStore(scopes, (scope) => scope);
  watchMachine({
    onFile(access, given) {
      const path = resolve(given);
      note(access === 'write' ? 'fs.write' : 'fs.read', path, (text) => namesPath(text, path));
    },
    onProgram: (program) => note('child_process', program, (text) => text === program),
    onSocket: (host, port) =>
      note('network', `${host.includes(':') ? `[${host}]` : host}:${port}`, (text) => namesHost(text, host)),
    onVariable(name) {
      if (!INNOCENT.has(name)) note('env', name, () => false);
    },
  });
}

/** Whether a text names a path, or a directory above it. */
function namesPath(text: string, path: string): boolean {
  const named = text.startsWith('file:///') && URL.canParse(text) ? fileURLToPath(text) : text;
  return named.startsWith('/') && named !== '/' && (path === named || path.startsWith(`${named.replace(/\/$/, '')}/`));
}

function namesHost(text: string, host: string): boolean {
  return text === host || URL.parse(text)?.hostname.replace(/^\[|\]$/g, '') === host;
}

/** Of this package, and what stands between its own functions. */
const OURS = /[/\\](?:permissions[/\\](?:record-uses|watch-machine)|conformance[/\\]seen)\.|\bat (?:Reflect|Proxy)\./;

/** Whose code asks. `node`: it does so of its own accord, as when it loads modules. */
function whoAsks(packageDir: string): 'connector' | 'library' | 'node' {
  const lines = (new Error('who asks').stack ?? '').split('\n').slice(1);
  const first = lines.find((line) => !OURS.test(line)) ?? 'node:';
  if (first.includes('node:')) {
    // What a function of Node.js does for whoever called it, unless it loads modules.
    if (lines.some((line) => /node:internal\/(?:modules|process)\//.test(line))) return 'node';
    const caller = lines.find((line) => !OURS.test(line) && !line.includes('node:'));
    if (caller === undefined) return 'node';
    return ownerOf(caller, packageDir);
  }
  return ownerOf(first, packageDir);
}

function ownerOf(line: string, packageDir: string): 'connector' | 'library' {
  // The package may itself be installed.
  const [, within = line] = line.split(packageDir);
  return /[/\\]node_modules[/\\]/.test(within) ? 'library' : 'connector';
}
