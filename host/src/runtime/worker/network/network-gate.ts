import { AsyncLocalStorage } from 'node:async_hooks';
import { realpathSync } from 'node:fs';
import { ConnectorError, ForbiddenError, normalName, parseAddress } from '@automate/contract';
import type { NetworkJudge, NetworkPolicy, NetworkRefusal } from '../../network-policy.ts';
import { createNetworkJudge } from '../../network-policy.ts';

export interface NetworkGateOptions {
  /** The connector's id, for messages. */
  readonly id: string;
  readonly policy: NetworkPolicy;
  /** For what is refused or tolerated, once for each target. */
  warn(message: string): void;
  /** What the code belongs to that runs. */
  current?(): object | undefined;
}

/**
 * Holds what a worker connects to to the policy. What it answers about an address rests on no method that a connector could have
 * replaced, and is asked for at the socket itself, of the very address that is connected to.
 */
export interface NetworkGate {
  /** Whether there must be no connection to this address. Notes why, for `explain`. */
  refusesAddress(address: unknown, port: unknown): boolean;
  /** The same of a socket in the file system. */
  refusesPath(path: unknown): boolean;
  /** Takes note of what a name stands for, and gives the error where it must not be used. */
  resolved(name: string, found: readonly ResolvedAddress[]): Error | undefined;
  /** Runs what goes on with a name that was looked up: what it connects to is connected to by that name, whatever others stand for the same address. */
  goOn<T>(name: string, work: () => T): T;
  /** Why a host that a proxy looks up must not be asked for. */
  checkTarget(host: string, port: number): ConnectorError | undefined;
  /** Puts the reason into an error that the system seems to have given, for each of our refusals in it. */
  explain(error: unknown): void;
  /** What was refused last to a call that `current` gave. */
  refusedIn(call: object): ConnectorError | undefined;
  /** Where sockets in the file system may lie, as soon as that is known. Absent: anywhere but among the host's own files. */
  setRoots(roots: readonly string[] | undefined): void;
}

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** So many targets and names are remembered; then it begins anew. */
const MOST_REMEMBERED = 2000;
/** Of the names by which one address was found, so many count. */
const MOST_NAMES = 8;
const reflectApply = Reflect.apply;

export function createNetworkGate({ id, policy, warn, current }: NetworkGateOptions): NetworkGate {
  const judge: NetworkJudge = createNetworkJudge(policy);
  let names = emptyTable<string[]>();
  let known = 0;
  let refused = emptyTable<ForbiddenError>();
  let refusals = 0;
  let roots: readonly string[] | undefined;
  const told = new Set<string>();
  const byCall = new WeakMap<object, ForbiddenError>();
  const lookedUp = new AsyncLocalStorage<string>();
  // A connector may put others in the place of its methods.
  const nameNow = lookedUp.getStore.bind(lookedUp);
  const { run } = lookedUp;

  const tell = (message: string): void => {
    if (told.size >= MOST_REMEMBERED) told.clear();
    if (told.has(message)) return;
    told.add(message);
    warn(message);
  };
  const report = (error: ForbiddenError): void => {
    const call = current?.();
    if (call !== undefined) byCall.set(call, error);
    tell(error.message);
  };
  const note = (keys: readonly string[], error: ForbiddenError): void => {
    if (refusals >= MOST_REMEMBERED) [refused, refusals] = [emptyTable(), 0];
    for (const key of keys) {
      if (refused[key] === undefined) refusals += 1;
      refused[key] = error;
    }
    report(error);
  };
  /** By index alone: lists iterate by a method. */
  const remember = (address: readonly number[], name: string): void => {
    const key = keyOf(address);
    if (known >= MOST_REMEMBERED) [names, known] = [emptyTable(), 0];
    const list = names[key];
    if (list === undefined) {
      names[key] = [name];
      known += 1;
      return;
    }
    for (let at = 0; at < list.length; at += 1) if (list[at] === name) return;
    list[list.length < MOST_NAMES ? list.length : 0] = name;
  };
  const forbid = (refusal: NetworkRefusal, shown: string, rule: string): ForbiddenError => {
    const line = {
      'network.allow': `network: { allow: ["${rule}"] }`,
      'network.registered.allow': `network: { registered: { allow: ["${rule}"] } }`,
      'plugins.grants': `plugins: { grants: { PACKAGE: { network: ["${rule}"] } } }, which grants what the package's manifest asks for`,
    }[refusal.allowIn];
    return forbidden(
      refusal.rule,
      shown,
      `the network policy keeps connector "${id}" from ${shown}: it ${refusal.why}; if it is meant to be reached, the operator must write in the configuration file ${line}`,
    );
  };
  const tolerate = (refusal: NetworkRefusal, shown: string): void =>
    tell(
      `${shown} ${refusal.why}: connector "${id}" may until it is changed, as it was registered before; the operator must add it to ${refusal.allowIn} in the configuration file`,
    );

  return {
    refusesAddress(address, port) {
      // What cannot be read is not connected to.
      const bytes = typeof address === 'string' ? parseAddress(address) : undefined;
      if (typeof address !== 'string' || bytes === undefined || typeof port !== 'number') return true;
      const found = names[keyOf(bytes)] ?? [];
      const by = nameAmong(found, nameNow());
      const refusal = judge({ address: bytes, port, names: by === undefined ? found : [by] });
      if (refusal === undefined) return false;
      const shown = showTarget(address, port, by ?? found[found.length - 1]);
      if (refusal.tolerated) tolerate(refusal, shown);
      // Datagrams that cannot be sent name whom they are for as it was written.
      else
        note(
          [address, ...found].map((to) => `${to}|${port}`),
          forbid(refusal, shown, ruleFor(address, port)),
        );
      return !refusal.tolerated;
    },
    refusesPath(path) {
      if (typeof path !== 'string') return true;
      const why = judgePath(path, policy.closed, roots);
      if (why === undefined) return false;
      const shown = `the socket "${path.replaceAll('\0', '@')}"`;
      note(
        [`${path}|`],
        forbidden('files.roots', shown, `the network policy keeps connector "${id}" from ${shown}: it ${why}`),
      );
      return true;
    },
    resolved(hostname, found) {
      const name = normalName(hostname);
      let refusal: Error | undefined;
      for (let at = 0; at < found.length; at += 1) {
        const { address } = found[at] as ResolvedAddress;
        const bytes = parseAddress(address);
        if (bytes === undefined) continue;
        // The address is judged once more when it is connected to, with its port.
        const judged = judge({ address: bytes, names: [name] });
        if (judged === undefined || judged.tolerated) {
          remember(bytes, name);
          continue;
        }
        const error = forbid(judged, `"${hostname}", which is ${address}`, address);
        report(error);
        refusal ??= Object.assign(new Error(error.message, { cause: error }), {
          code: 'EACCES',
          syscall: 'getaddrinfo',
          hostname,
        });
      }
      return refusal;
    },
    goOn: <T>(name: string, work: () => T): T => reflectApply(run, lookedUp, [normalName(name), work]) as T,
    checkTarget(host, port) {
      const address = parseAddress(host);
      const refusal = judge({ address, port, names: address === undefined ? [normalName(host)] : [] });
      if (refusal === undefined) return undefined;
      const shown = showTarget(host, port);
      if (!refusal.tolerated) return forbid(refusal, shown, ruleFor(host, port));
      tolerate(refusal, shown);
      return undefined;
    },
    explain(error) {
      try {
        explainAll(error, (address, port) => refused[`${address}|${port ?? ''}`]);
      } catch {
        // Connectors throw anything. What cannot be looked at, or not be changed, is no refusal of ours.
      }
    },
    refusedIn: (call) => byCall.get(call),
    setRoots(given) {
      roots = given;
    },
  };
}

function forbidden(rule: string, target: string, message: string): ForbiddenError {
  return new ForbiddenError(message, { details: { reason: 'network_policy', rule, target } });
}

/** Errors of the system that are refusals of ours get a cause, and its sentence; one for several addresses where all are. */
function explainAll(
  thrown: unknown,
  find: (address: string, port: number | undefined) => ForbiddenError | undefined,
): ForbiddenError | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  const error = thrown as NodeJS.ErrnoException & Readonly<Record<'address' | 'port' | 'errors', unknown>>;
  if (ConnectorError.is(error.cause)) return error.cause;
  const { address, port } = error;
  let why: ForbiddenError | undefined;
  if (Array.isArray(error.errors)) {
    const all = error.errors.map((each: unknown) => explainAll(each, find));
    why = all.every((each) => each !== undefined) ? all[0] : undefined;
  } else if (error.code === 'EACCES' && typeof address === 'string') {
    why = find(address, typeof port === 'number' ? port : undefined);
  }
  if (why === undefined) return undefined;
  Object.defineProperty(error, 'cause', { value: why, configurable: true, writable: true });
  error.message = why.message;
  return why;
}

/** What is said of a path that must not be connected to. One that is not there fails by itself, but for those who may look nowhere. */
function judgePath(path: string, closed: readonly string[], roots: readonly string[] | undefined): string | undefined {
  // Neither an abstract one nor one that is not there leads anywhere.
  const real = realPath(path);
  const isBelow = (written: string): boolean => {
    const place = realPath(written) ?? written;
    return real !== undefined && (real === place || real.startsWith(`${place}/`));
  };
  if (closed.some(isBelow))
    return "is among the host's own files, which no connector may use; the operator must name another place";
  if (roots === undefined || roots.some(isBelow)) return undefined;
  return 'is not within a directory that the operator granted; the operator must add one to files.roots in the configuration file';
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}

/** The name, if it is among these. */
function nameAmong(found: readonly string[], name: string | undefined): string | undefined {
  for (let at = 0; at < found.length; at += 1) if (found[at] === name) return name;
  return undefined;
}

function emptyTable<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}

function keyOf(bytes: readonly number[]): string {
  let key = '';
  for (let at = 0; at < 16; at += 1) key += `${bytes[at]}.`;
  return key;
}

function showTarget(host: string, port: number, name?: string): string {
  const where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return name === undefined ? where : `${where} ("${name}")`;
}

/** The rule that would be about this target alone. */
function ruleFor(host: string, port: number): string {
  const [bare = host] = host.split('%');
  return bare.includes(':') ? `[${bare}]:${port}` : `${bare}:${port}`;
}
