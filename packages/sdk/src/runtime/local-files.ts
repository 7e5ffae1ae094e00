import { isAbsolute, join } from 'node:path';
import type { ConnectorConfig, JsonObject, JsonSchema, JsonValue, Problem } from '@automate/contract';
import { ConfigInvalidError, describeProblem, ForbiddenError, quote } from '@automate/contract';
import type { LocalFiles } from '../local-path.ts';
import type { Logger } from '../logger.ts';
import type { MarkedPath } from './marked-paths.ts';
import { markedPaths } from './marked-paths.ts';
import type { Places } from './real-path.ts';
import { isAmong, isWithin, placesOf, realPathOf } from './real-path.ts';

/** Which files a connector may use, as far as its configuration does not say it. */
export interface FilesPolicy {
  /** The directory in which relative paths of a configuration begin. Default: the working directory. */
  readonly base?: string;
  /** The directories that the operator granted to those who register connectors; absent: the operator wrote the connector. */
  readonly roots?: readonly string[];
  /** Files and directories that no connector may use: the host's own. */
  readonly closed: readonly string[];
  /** Settings that are the operator's all the same, as a profile gives them. */
  readonly ofProfile?: JsonObject;
  /** Whether programs may be started, by connectors of which the operator wrote that. Default: not. */
  readonly programs?: boolean;
  /** Paths outside of the roots are reported to the log and no more: the connector is older than the roots. */
  readonly lenient?: boolean;
}

/** No bounds: for adapters without a host. */
export const OPEN_FILES: FilesPolicy = { closed: [], programs: true };

export interface LocalFilesOptions {
  readonly id: string;
  readonly policy: FilesPolicy;
  readonly logger: Pick<Logger, 'warn'>;
}

/** What an adapter asks where a path really leads. */
export function createLocalFiles({ id, policy, logger }: LocalFilesOptions): LocalFiles {
  const closed = placesOf(policy.closed);
  // What others named came as its real path: a link that stands there now was put there since, and leads elsewhere.
  const leftAsWritten = policy.roots === undefined || policy.lenient === true;
  const ofProfile = new Set(textsOf(policy.ofProfile ?? {}).map((text) => fromBase(policy, text)));
  const holds = (directory: string, real: string): boolean =>
    (leftAsWritten || ofProfile.has(directory) ? isBelow : isWithin)(directory, real);
  return {
    locate(path, { field, within }) {
      if (within !== undefined) {
        const real = realPathOf(path);
        if (real !== undefined && within.some((each) => holds(each, real)) && !isAmong(closed, real)) return real;
        throw new ForbiddenError(
          `connector "${id}": ${field} names ${quote(path)}, which is not within a directory that this connector may use`,
          { blame: 'caller', details: { reason: 'outside_directories' } },
        );
      }
      const judged = judge(policy, closed, path, field);
      if (judged.problem !== undefined) {
        if (!judged.tolerated) throw notGranted(id, [judged.problem]);
        logger.warn(describeProblem(judged.problem));
      }
      return judged.path;
    },
  };
}

/** Settings and `tls` with the real paths in place of those that others than the operator wrote. */
export interface GrantedPaths {
  readonly settings: JsonObject;
  readonly tls: ConnectorConfig['tls'];
  /** What is refused. */
  readonly problems: readonly Problem[];
  /** What is tolerated for now. */
  readonly warnings: readonly Problem[];
}

/** Holds every path of a connector's configuration to what the operator granted. */
export function grantPaths(
  schema: JsonSchema | undefined,
  given: { readonly settings: JsonObject; readonly tls?: ConnectorConfig['tls'] },
  policy: FilesPolicy,
): GrantedPaths {
  const closed = placesOf(policy.closed);
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const check = (path: string, field: string): string => {
    const judged = judge(policy, closed, path, field);
    if (judged.problem !== undefined) (judged.tolerated ? warnings : problems).push(judged.problem);
    return judged.path;
  };
  const settings = structuredClone(given.settings);
  const found = schema === undefined ? [] : markedPaths(schema, given.settings);
  for (const marked of found.filter(({ within }) => within === undefined)) {
    const field = fieldOf(marked.keys);
    if (marked.names === 'program') problems.push(...judgeProgram(policy, marked, field));
    else if (marked.names === 'uri') for (const path of pathsOfUri(marked)) check(path, field);
    else put(settings, marked.keys, check(marked.text, field));
  }
  // What lies in a directory that is refused is not looked at.
  if (problems.length === 0)
    for (const marked of found.filter(({ within }) => within !== undefined))
      problems.push(
        ...judgeWithin(closed, { ...marked, within: fromBase(policy, marked.within ?? '') }, fieldOf(marked.keys)),
      );
  const { tls } = given;
  const file = (field: string, path: string | undefined): string | undefined =>
    path === undefined ? undefined : check(path, `tls.${field}`);
  const files = {
    caFile: file('ca_file', tls?.caFile),
    certFile: file('cert_file', tls?.certFile),
    keyFile: file('key_file', tls?.keyFile),
  };
  const present = Object.fromEntries(Object.entries(files).filter(([, path]) => path !== undefined));
  return { settings, tls: tls === undefined ? undefined : { ...tls, ...present }, problems, warnings };
}

/** @throws ConfigInvalidError where a path is refused; otherwise what is tolerated goes to the log. */
export function requireGranted(id: string, { problems, warnings }: GrantedPaths, logger: Pick<Logger, 'warn'>): void {
  if (problems.length > 0) throw notGranted(id, problems);
  for (const warning of warnings) logger.warn(describeProblem(warning));
}

interface Judged {
  /** The path to use. */
  readonly path: string;
  readonly problem?: Problem;
  readonly tolerated?: boolean;
}

function judge(policy: FilesPolicy, closed: Places, given: string, field: string): Judged {
  const { lenient = false } = policy;
  const path = fromBase(policy, given);
  const real = realPathOf(path);
  const [, top] = /^settings\.([^.[]+)/.exec(field) ?? [];
  const roots = top !== undefined && Object.hasOwn(policy.ofProfile ?? {}, top) ? undefined : policy.roots;
  const granted = roots === undefined || (real !== undefined && roots.some((root) => isBelow(root, real)));
  const isClosed = real !== undefined && isAmong(closed, real);
  // Who may not go there is not told what is there.
  if (isClosed && (granted || lenient)) return { path, problem: ofTheHost(given, field) };
  if (!granted) return { path, problem: outside(given, field, lenient), tolerated: lenient };
  // What the operator wrote is left as it is: links may be the way in which files are renewed.
  return { path: roots === undefined || real === undefined ? path : real };
}

/** A name alone is looked up where programs are, so that it is no path. */
function judgeProgram(
  { roots, programs = false, ofProfile = {} }: FilesPolicy,
  { keys, text }: MarkedPath,
  field: string,
): readonly Problem[] {
  const received = quote(text);
  if (roots !== undefined && !Object.hasOwn(ofProfile, String(keys[0])))
    return [
      {
        path: field,
        expected: 'no program: one may be named in the configuration file alone',
        received,
        message: `${received} is a program that the connector would start; the operator must write that connector into the configuration file`,
      },
    ];
  if (programs) return [];
  return [
    {
      path: field,
      expected: 'a program, where the package was granted child_process',
      received,
      message: `${received} is a program, and the connector's package was not granted child_process; the operator must grant it in plugins.grants of the configuration file`,
    },
  ];
}

/** A path of settings that begins in the directory of another setting, which is judged for itself. */
function judgeWithin(closed: Places, { text, within = '' }: MarkedPath, field: string): readonly Problem[] {
  const real = realPathOf(text.startsWith('/') ? text : join(within, text));
  if (real === undefined || !isBelow(within, real))
    return [
      {
        path: field,
        expected: 'a path that stays in its directory',
        received: quote(text),
        message: `${quote(text)} leads out of its directory ${quote(within)}; whoever wrote the connector must name one in it`,
      },
    ];
  return isAmong(closed, real) ? [ofTheHost(text, field)] : [];
}

/** Not resolved, which would take `..` for the folder that is written before it. */
function fromBase({ base }: FilesPolicy, path: string): string {
  return base === undefined || path === '' || isAbsolute(path) ? path : `${base}/${path}`;
}

function textsOf(value: JsonValue): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

function isBelow(root: string, real: string): boolean {
  return isWithin(realPathOf(root) ?? root, real);
}

function outside(path: string, field: string, lenient: boolean): Problem {
  const received = quote(path);
  const until = lenient
    ? ': it works until the connector is changed, since it was registered before there were roots'
    : '';
  return {
    path: field,
    expected: 'a path within files.roots of the configuration file',
    received,
    message: `${received} is not within a directory that the operator granted${until}; the operator must add one to files.roots in the configuration file, or write the connector there`,
  };
}

function ofTheHost(path: string, field: string): Problem {
  const received = quote(path);
  return {
    path: field,
    expected: "a path outside of the host's own files",
    received,
    message: `${received} is among the host's own files (data, secrets, configuration), which no connector may use whatever files.roots grants; the operator must name another place`,
  };
}

function notGranted(id: string, problems: readonly Problem[]): ConfigInvalidError {
  return new ConfigInvalidError(`the connector "${id}" cannot start: ${problems.map(describeProblem).join('; ')}`, {
    problems,
    details: { reason: 'path_not_granted' },
  });
}

/** The paths in a URI: `unix:path`, `//%2Fpath`, `?host=/path`, `?socket=path`. */
function pathsOfUri({ text, sockets }: MarkedPath): readonly string[] {
  const [, scheme, hosts = '', path = '', query = ''] =
    /^([a-z][a-z0-9+.-]*):(?:\/\/(?:[^/?#]*@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?/i.exec(
      // As URL reads it.
      text.replaceAll(/^[\0- ]+|[\t\n\r]/g, ''),
    ) ?? [];
  const isPath = /^(?:unix|file)$/i.test(scheme ?? '') && path !== '';
  const parameters = [...new URLSearchParams(query)];
  const others = [...hosts.split(',').map(percentDecoded), ...parameters.map(([, value]) => value)];
  return [
    ...(isPath ? [percentDecoded(path)] : []),
    ...parameters.flatMap(([name, value]) => (sockets.includes(name) && !value.startsWith('/') ? [value] : [])),
    ...others.filter((each) => each.startsWith('/')),
  ];
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function fieldOf(keys: MarkedPath['keys']): string {
  return keys.reduce<string>(
    (path, key) => (typeof key === 'number' ? `${path}[${key}]` : `${path}.${key}`),
    'settings',
  );
}

function put(settings: JsonObject, keys: MarkedPath['keys'], path: string): void {
  const holder = keys.slice(0, -1).reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)[key], settings);
  (holder as Record<PropertyKey, unknown>)[keys.at(-1) as PropertyKey] = path;
}
