import { BlockList, isIP } from 'node:net';
import type { ConnectorError } from '@automate/contract';
import { ConfigInvalidError } from '@automate/contract';

/** The variables of the host's environment that name its proxies, as they are there, and what goes for all proxies. */
export interface ProxyEnvironment {
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  /** Hosts that are asked directly: names, also of all below them, addresses, ranges (`10.0.0.0/8`), each with a port or without, `*`. */
  readonly no?: string | undefined;
  /** The error for a server that must not be asked for through a proxy, which connects in our place. Absent: any may be. */
  checkTarget?(host: string, port: number): ConnectorError | undefined;
}

export interface ProxyOptions {
  /** The connector's id, for messages. */
  readonly id: string;
  /** The connector's own `proxy`: a URL, or `none`. Goes before the environment. */
  readonly proxy: string | undefined;
  readonly environment: ProxyEnvironment | undefined;
}

/**
 * The proxy for a URL; undefined where it is asked directly, as everything on this machine is.
 *
 * @throws ConfigInvalidError for a proxy that is none, ForbiddenError for a server that the host's network policy refuses
 */
export function proxyFor(options: ProxyOptions, url: URL): URL | undefined {
  const found = chooseProxy(options, url);
  // Of what is asked directly the address is looked at where it is connected to.
  const refusal = found && options.environment?.checkTarget?.(bareHost(url), Number(portOf(url)));
  if (refusal !== undefined) throw refusal;
  return found;
}

function chooseProxy({ id, proxy, environment = {} }: ProxyOptions, url: URL): URL | undefined {
  if (isLoopbackHost(url.hostname) || proxy === 'none') return undefined;
  if (proxy !== undefined) return parseProxy(proxy, `the proxy of connector "${id}"`);
  const [text, name] =
    url.protocol === 'https:' ? [environment.https, 'HTTPS_PROXY'] : [environment.http, 'HTTP_PROXY'];
  if (text === undefined || text === '' || isExcepted(environment.no ?? '', url)) return undefined;
  return parseProxy(text.includes('://') ? text : `http://${text}`, `${name}, which connector "${id}" would use,`);
}

/** A proxy as it may be shown. */
export function showProxy({ origin }: URL): string {
  return `the proxy ${origin}`;
}

function parseProxy(text: string, what: string): URL {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new ConfigInvalidError(`${what} is no http or https URL; the operator must act`, {
    details: { reason: 'bad_proxy' },
  });
}

function isLoopbackHost(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\])\.?$/.test(hostname);
}

function isExcepted(list: string, url: URL): boolean {
  const port = portOf(url);
  const host = bareHost(url);
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry === '*') return true;
      // One colon separates a port; more of them are an address.
      const [, name = entry, ofPort] = /^\[(.*)\](?::(\d+))?$/.exec(entry) ?? /^([^:]*)(?::(\d+))?$/.exec(entry) ?? [];
      return name !== '' && (ofPort === undefined || ofPort === port) && covers(name, host);
    });
}

function portOf({ port, protocol }: URL): string {
  return port === '' ? (protocol === 'https:' ? '443' : '80') : port;
}

function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase();
}

function covers(name: string, host: string): boolean {
  const [address = '', bits] = name.split('/');
  if (bits !== undefined && isIP(address) !== 0 && isIP(address) === isIP(host)) {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const range = new BlockList();
    range.addSubnet(address, Math.min(Number(bits), family === 'ipv6' ? 128 : 32), family);
    return range.check(host, family);
  }
  const suffix = name.replace(/^\*?\./, '');
  return host === suffix || (isIP(host) === 0 && host.endsWith(`.${suffix}`));
}
