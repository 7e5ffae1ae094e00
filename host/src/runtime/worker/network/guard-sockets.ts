import dgram from 'node:dgram';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { constants } from 'node:os';
import type { NetworkGate, ResolvedAddress } from './network-gate.ts';

type Method = (this: unknown, ...args: unknown[]) => unknown;
/** Gives undefined to let a call through. */
type Check = (args: readonly unknown[]) => number | undefined;

const REFUSED = -constants.errno.EACCES;
const reflectApply = Reflect.apply;
const { defineProperty } = Object;

/**
 * Has every socket of this thread ask the gate before it connects, whatever makes it: `net`, `tls`, `http`, `http2`, `fetch`,
 * `WebSocket`, `dgram`, and libraries above them. It stands in the methods of what Node.js makes sockets of, which are given the
 * very address that is connected to, so that no name can answer otherwise afterwards; what is refused fails as if the system had
 * refused it.
 */
export function guardSockets(gate: NetworkGate): void {
  // By index alone: lists are taken apart by a method.
  const tcp: Check = (args) => (gate.refusesAddress(args[1], args[2]) ? REFUSED : undefined);
  guard(handleOf({ port: 1, host: '127.0.0.1' }), { connect: tcp, connect6: tcp });
  guard(handleOf({ path: '/' }), {
    connect: (args) => (gate.refusesPath(args[1]) ? REFUSED : undefined),
  });
  const to: Check = (args) => (gate.refusesAddress(args[0], args[1]) ? REFUSED : undefined);
  // One that is connected sends without an address.
  const send: Check = (args) => (args.length >= 6 && gate.refusesAddress(args[4], args[3]) ? REFUSED : undefined);
  guard(datagramHandle(), { connect: to, connect6: to, send, send6: send });
  guardResolvers(gate);
  explainErrors(gate);
  guardLookups(gate);
  syncBuiltinESMExports();
}

function guard(handle: unknown, checks: Readonly<Record<string, Check>>): void {
  if (typeof handle !== 'object' || handle === null) return;
  const prototype = Object.getPrototypeOf(handle) as Record<string, unknown>;
  for (const [name, check] of Object.entries(checks)) {
    const real = prototype[name];
    // What is closed altogether stays so.
    if (typeof real !== 'function' || Object.getOwnPropertyDescriptor(prototype, name)?.configurable !== true) continue;
    const guarded = function (this: unknown, ...args: unknown[]): unknown {
      return check(args) ?? reflectApply(real, this, args);
    };
    Object.defineProperty(prototype, name, {
      configurable: false,
      enumerable: true,
      get: () => guarded,
      // Node.js itself gives sockets of one family the other's methods.
      set(this: unknown, value: unknown) {
        if (this !== prototype)
          defineProperty(this as object, name, { value, configurable: true, enumerable: true, writable: true });
      },
    });
  }
}

/** What Node.js makes such a socket of. It is let go before it does anything. Undefined where Node.js itself closes the network. */
function handleOf(where: { readonly port: number; readonly host: string } | { readonly path: string }): unknown {
  const socket = new net.Socket();
  socket.on('error', () => {});
  try {
    socket.connect(where);
    return Reflect.get(socket, '_handle');
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

function datagramHandle(): unknown {
  try {
    const socket = dgram.createSocket('udp4');
    const [state] = Object.getOwnPropertySymbols(socket).filter(({ description }) => description === 'state symbol');
    const handle =
      state === undefined ? undefined : (Reflect.get(socket, state) as { readonly handle?: unknown }).handle;
    socket.close();
    return handle;
  } catch {
    return undefined;
  }
}

/** Servers that are asked for names are connected to by native code, so that they are looked at when they are named. */
function guardResolvers(gate: NetworkGate): void {
  const resolver = new dns.Resolver();
  const handle = Reflect.get(resolver, '_handle') as { getServers(): readonly (readonly [string, number])[] };
  // Those that the system uses are its operator's.
  const usual = Object.create(null) as Record<string, boolean>;
  for (const [address, port] of handle.getServers()) usual[`${address} ${port}`] = true;
  guard(handle, {
    setServers(args) {
      const servers = args[0] as readonly (readonly [number, string, number])[];
      for (let at = 0; at < servers.length; at += 1) {
        const server = servers[at] as (typeof servers)[number];
        const address = server[1];
        const port = server[2];
        if (usual[`${address} ${port}`] === true || !gate.refusesAddress(address, port)) continue;
        const error = Object.assign(new Error(`${address}:${port}`), { code: 'EACCES', address, port });
        gate.explain(error);
        throw error;
      }
      return undefined;
    },
  });
}

/** What refuses is far below what makes the errors: the reason is put into them where they leave their socket. */
function explainErrors(gate: NetworkGate): void {
  const socket = net.Socket.prototype as unknown as { _destroy: Method };
  const destroy = socket._destroy;
  socket._destroy = function explained(this: unknown, ...args: unknown[]): unknown {
    if (args[0] !== null && args[0] !== undefined) gate.explain(args[0]);
    return reflectApply(destroy, this, args);
  };
  const datagram = dgram.Socket.prototype as unknown as { emit: Method; send: Method; connect: Method };
  const { emit } = datagram;
  // Whoever hands over a function is told there, and nowhere else.
  for (const name of ['send', 'connect'] as const) {
    const real = datagram[name];
    datagram[name] = function explained(this: unknown, ...args: unknown[]): unknown {
      const last = args.length - 1;
      const tell = args[last];
      if (typeof tell === 'function')
        args[last] = function told(this: unknown, ...given: unknown[]): unknown {
          if (given[0] !== null && given[0] !== undefined) gate.explain(given[0]);
          return reflectApply(tell as Method, this, given);
        };
      return reflectApply(real, this, args);
    };
  }
  datagram.emit = function explained(this: unknown, ...args: unknown[]): unknown {
    if (args[0] === 'error') gate.explain(args[1]);
    return reflectApply(emit, this, args);
  };
}

type LookupOptions = dns.LookupOptions;
type Found = (error: Error | null, found: ResolvedAddress[]) => void;
type Callback = (error: Error | null, ...rest: unknown[]) => void;

/** Names are looked up with all that they stand for: one of which one address is denied is not used at all. */
function guardLookups(gate: NetworkGate): void {
  const real = dns.lookup as (name: unknown, options: unknown, callback: unknown) => unknown;
  const { isIP } = net;
  const lookupAll = (name: string, options: LookupOptions, callback: Found): void => {
    const onFound = (error: Error | null, all: ResolvedAddress[] = []): void => {
      if (error !== null || isIP(name) !== 0) return callback(error, all);
      const found = withoutZoneless(all);
      callback(gate.resolved(name, found) ?? null, found);
    };
    real(name, { ...options, all: true }, onFound);
  };
  const lookup = function lookup(name: unknown, given: unknown, last: unknown): unknown {
    const callback = (typeof given === 'function' ? given : last) as Callback;
    // Node.js itself says what is wrong with those.
    if (typeof name !== 'string' || name === '' || typeof callback !== 'function') return real(name, given, last);
    const options = optionsOf(given);
    lookupAll(name, options, (error, found) => {
      if (error !== null) return callback(error);
      gate.goOn(name, () => {
        if (options.all === true) callback(null, found);
        else callback(null, found[0]?.address, found[0]?.family);
      });
    });
    return {};
  };
  put(dns, lookup);
  const promised = dns.promises.lookup as (name: unknown, options: unknown) => Promise<unknown>;
  put(dns.promises, function lookup(name: unknown, given: unknown): Promise<unknown> {
    if (typeof name !== 'string' || name === '') return promised(name, given);
    const options = optionsOf(given);
    return new Promise((resolve, reject) => {
      lookupAll(name, options, (error, found) => {
        if (error !== null) reject(error);
        else resolve(options.all === true ? found : found[0]);
      });
    });
  });
}

/** Without a zone no link-local address can be connected to; they stand beside others where a machine knows its own name. */
function withoutZoneless(all: ResolvedAddress[]): ResolvedAddress[] {
  const found: ResolvedAddress[] = [];
  for (let at = 0; at < all.length; at += 1) {
    const each = all[at] as ResolvedAddress;
    const { address } = each;
    const isLinkLocal = each.family === 6 && address[0] === 'f' && address[1] === 'e' && isOneOf(address[2], '89ab');
    if (!isLinkLocal) found[found.length] = each;
  }
  return found.length === 0 ? all : found;
}

function isOneOf(letter: string | undefined, letters: string): boolean {
  for (let at = 0; at < letters.length; at += 1) if (letters[at] === letter) return true;
  return false;
}

function optionsOf(given: unknown): LookupOptions {
  if (typeof given === 'number') return { family: given };
  return typeof given === 'object' && given !== null ? { ...given } : {};
}

/** With all that is said of the function that was there, such as how it is made a promise. */
function put(module: object, value: object): void {
  Object.defineProperties(value, Object.getOwnPropertyDescriptors(Reflect.get(module, 'lookup') as object));
  Reflect.set(module, 'lookup', value);
}
