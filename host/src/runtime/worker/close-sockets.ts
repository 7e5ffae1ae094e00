import dgram from 'node:dgram';
import dns from 'node:dns';
import net from 'node:net';
import { constants } from 'node:os';

/** What reaches another, or lets others in. */
const OF_SOCKETS = ['bind', 'bind6', 'bindToAddress', 'connect', 'connect6', 'listen', 'send', 'send6'];

/**
 * Closes sockets that Node.js' permission model leaves open, at what Node.js makes them of: nothing else makes any, as addons,
 * threads and internals are refused. Sockets in the file system are closed to all, since they are no network that could be
 * granted: the container engine's would hand over the whole machine.
 *
 * @param offline whether the network is closed too, where Node.js cannot refuse it
 */
export function closeSockets({ offline }: { readonly offline: boolean }): void {
  // What this process was given besides stays what it is.
  closeHandle(Reflect.get(process.stdout, '_handle'));
  if (!offline || process.allowedNodeEnvironmentFlags.has('--allow-net')) return;
  const makeServer = Reflect.get(net, '_createServerHandle') as (...args: readonly unknown[]) => unknown;
  const tcp = makeServer('0.0.0.0', 0, 4);
  closeHandle(tcp);
  (tcp as { close?: () => void }).close?.();
  const udp = dgram.createSocket('udp4');
  const [state] = Object.getOwnPropertySymbols(udp).filter(({ description }) => description === 'state symbol');
  if (state !== undefined) closeHandle((Reflect.get(udp, state) as { readonly handle?: unknown }).handle);
  udp.close();
  const names = Reflect.get(new dns.Resolver(), '_handle') as object;
  const prototype = Object.getPrototypeOf(names) as object;
  closeMethods(
    prototype,
    Object.getOwnPropertyNames(prototype).filter((name) => /^(query|getHostByAddr)/.test(name)),
  );
}

function closeHandle(handle: unknown): void {
  if (typeof handle === 'object' && handle !== null) closeMethods(Object.getPrototypeOf(handle) as object, OF_SOCKETS);
}

/** As if the system refused: what Node.js makes of that reaches whoever asked. */
function closeMethods(prototype: object, names: readonly string[]): void {
  const refuse = (): number => -constants.errno.EACCES;
  for (const name of names)
    if (name in prototype)
      Object.defineProperty(prototype, name, { value: refuse, configurable: false, writable: false });
}
