import { join } from 'node:path';
import { readFileSync, statSync } from 'node:fs';
import { isJsonObject } from '@automate/contract';
import { describeValue } from './describe-value.ts';
import type { Fault } from './fault.ts';
import { systemCode } from './fault.ts';
import { parseJson } from './parse-json.ts';
import { own } from './record.ts';

/** What a directory's package.json says of the packages it depends on. */
export interface Project {
  /** Whether there is a package.json, and one that can be understood. */
  readonly state: 'read' | 'missing' | 'unreadable';
  /** Name in node_modules → what was asked for (`^1.0.0`, `npm:other@2`), over all dependency fields. */
  readonly dependencies: ReadonlyMap<string, string>;
  /** Those that must be there in every installation: the field `dependencies`. */
  readonly required: readonly string[];
  readonly faults: readonly Fault[];
}

const DEPENDENCY_FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;

/** One name, or a scope and a name; nothing that could lead out of node_modules. */
const PACKAGE_NAME = /^(?:@[^/\\@\s]+\/)?[^/\\@.\s][^/\\\s]*$/;

/** Reads the package.json of a project. It is the operator's own file, so it may have any size; every fault is reported. */
export function readProject(directory: string): Project {
  const path = join(directory, 'package.json');
  let text: string;
  try {
    // Asked first, as reading a pipe would wait for ever.
    if (!statSync(path).isFile()) return unknownProject('a file', 'something else', 'put a package.json there');
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = systemCode(error);
    return code === 'ENOENT'
      ? {
          ...unknownProject('a file', 'nothing', 'run the host inside the project, or name it with --project'),
          state: 'missing',
        }
      : unknownProject(
          'a readable file',
          `an error of the file system (${code})`,
          'make it readable to the account that runs the host',
        );
  }
  const json = parseJson(text);
  if (!json.ok) return unknownProject(json.expected, json.received, 'mend it');
  if (!isJsonObject(json.value)) return unknownProject('an object', describeValue(json.value), 'mend it');
  return readDependencies(json.value);
}

function readDependencies(manifest: Readonly<Record<string, unknown>>): Project {
  const faults: Fault[] = [];
  const dependencies = new Map<string, string>();
  const required: string[] = [];
  for (const field of DEPENDENCY_FIELDS) {
    const entries = own(manifest, field);
    if (entries === undefined) continue;
    if (!isJsonObject(entries)) {
      faults.push(operatorFault(field, 'an object of names and versions', describeValue(entries), 'mend it'));
      continue;
    }
    for (const [name, wanted] of Object.entries(entries)) {
      if (!PACKAGE_NAME.test(name)) {
        faults.push(operatorFault(field, 'the name of a package', describeValue(name), 'remove it'));
        continue;
      }
      if (!dependencies.has(name)) dependencies.set(name, typeof wanted === 'string' ? wanted : '');
      if (field === 'dependencies') required.push(name);
    }
  }
  // npm copies optional dependencies into `dependencies` as well; they may be missing all the same.
  const optional = own(manifest, 'optionalDependencies');
  const mayBeMissing = (name: string): boolean => isJsonObject(optional) && Object.hasOwn(optional, name);
  return { state: 'read', dependencies, required: required.filter((name) => !mayBeMissing(name)), faults };
}

function unknownProject(expected: string, received: string, remedy: string): Project {
  return {
    state: 'unreadable',
    dependencies: new Map(),
    required: [],
    faults: [operatorFault('package.json', expected, received, remedy)],
  };
}

function operatorFault(path: string, expected: string, received: string, remedy: string): Fault {
  return { path, expected, received, blame: 'operator', remedy };
}
