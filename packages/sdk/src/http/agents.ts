import type { Agent as HttpAgent } from 'node:http';
import type { AgentOptions } from 'node:https';
import { getCACertificates } from 'node:tls';
import type { TlsConfig } from '@automate/contract';
import type { Logger } from '../logger.ts';
import { readPem, readTls } from '../read-tls.ts';
import { http, https } from './node-http.ts';
import { proxyFor, showProxy } from './proxy.ts';
import type { ProxyOptions } from './proxy.ts';

/** Kept connections of one connector. */
export interface Agents {
  /** For a URL of the connector's own. */
  own(url: URL): Promise<Route>;
  /** For another server, such as a token endpoint: its own CA beside the usual ones, no client certificate. */
  foreign(url: URL): Promise<Route>;
  /** Ends every connection, in use or not. */
  close(): void;
}

/** How a URL is reached. */
export interface Route {
  readonly agent: HttpAgent;
  readonly proxy: URL | undefined;
}

export interface AgentsOptions extends ProxyOptions {
  readonly tls: TlsConfig | undefined;
  readonly logger: Logger;
}

/**
 * An idle connection is kept shorter than servers do by default: one that they close while a request is on its way leaves
 * its outcome unknown.
 */
const KEEP: AgentOptions = { keepAlive: true, timeout: 4000, scheduling: 'lifo' };

/** A proxy may have to wait for the server; the request's own time ends it earlier. */
const TUNNEL_MS = 60_000;

/** Said in the handshake, so that a server that speaks HTTP/2 alone refuses it rather than us. */
const SPOKEN = { ALPNProtocols: ['http/1.1'] };

export function createAgents(options: AgentsOptions): Agents {
  const { id, tls, logger } = options;
  const made = new Map<string, Promise<Route>>();
  const route = (url: URL, own: boolean): Promise<Route> => {
    const proxy = proxyFor(options, url);
    const key = `${url.protocol} ${url.protocol === 'https:' && own} ${proxy?.href}`;
    let found = made.get(key);
    if (found === undefined) {
      found = open(url.protocol, own, proxy);
      made.set(key, found);
      // A file that could not be read may be there the next time.
      found.catch(() => made.delete(key));
    }
    return found;
  };
  const open = async (protocol: string, own: boolean, proxy: URL | undefined): Promise<Route> => {
    if (proxy !== undefined) logger.info(`${protocol.slice(0, -1)} requests go through ${showProxy(proxy)}`);
    if (protocol === 'http:') {
      // Some proxies close after each answer and do not say so: what is sent meanwhile would be lost.
      const through = proxy === undefined ? {} : { keepAlive: false, proxyEnv: { HTTP_PROXY: proxy.href } };
      return { agent: new http.Agent({ ...KEEP, ...through }), proxy };
    }
    // The agent's `timeout` also bounds how long a tunnel may take to open.
    const through = proxy === undefined ? {} : { proxyEnv: { HTTPS_PROXY: proxy.href }, timeout: TUNNEL_MS };
    const trust = own ? await readTls({ id, tls }) : await readRoots(id, tls);
    return {
      agent: new https.Agent({ ...KEEP, ...SPOKEN, ...trust, ...through }),
      proxy,
    };
  };
  return {
    own: async (url) => route(url, true),
    foreign: async (url) => route(url, false),
    close() {
      for (const each of made.values())
        each.then(
          ({ agent }) => agent.destroy(),
          () => undefined,
        );
    },
  };
}

async function readRoots(id: string, tls: TlsConfig | undefined): Promise<AgentOptions> {
  const ca = await readPem(id, 'ca_file', tls?.caFile);
  return ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] };
}
