import type { Agent as HttpAgent } from 'node:http';
import type { AgentOptions } from 'node:https';
import { getCACertificates } from 'node:tls';
import type { TlsConfig } from '@automate/contract';
import { readPem, readTls } from '../read-tls.ts';
import { http, https } from './node-http.ts';

/** Kept connections of one connector. */
export interface Agents {
  /** The agent for a URL of the connector's own origin. */
  own(protocol: string): Promise<HttpAgent>;
  /** The agent for another server that the operator named, such as a token endpoint: its own CA beside the usual ones, no client certificate. */
  foreign(protocol: string): Promise<HttpAgent>;
  /** Ends every connection, in use or not. */
  close(): void;
}

const KEEP: AgentOptions = { keepAlive: true, timeout: 30_000, scheduling: 'lifo' };

export function createAgents(id: string, tls: TlsConfig | undefined): Agents {
  const made = new Map<string, Promise<HttpAgent>>();
  const once = (key: string, make: () => Promise<HttpAgent>): Promise<HttpAgent> => {
    let agent = made.get(key);
    if (agent === undefined) {
      agent = make();
      made.set(key, agent);
      // A file that could not be read may be there the next time.
      agent.catch(() => made.delete(key));
    }
    return agent;
  };
  const plain = (): Promise<HttpAgent> => once('http:', async () => new http.Agent(KEEP));
  return {
    own: (protocol) =>
      protocol === 'https:'
        ? once('https:', async () => new https.Agent({ ...KEEP, ...(await readTls({ id, tls })) }))
        : plain(),
    foreign: (protocol) =>
      protocol === 'https:'
        ? once('foreign', async () => new https.Agent({ ...KEEP, ...(await readRoots(id, tls)) }))
        : plain(),
    close() {
      for (const agent of made.values())
        agent.then(
          (opened) => opened.destroy(),
          () => undefined,
        );
    },
  };
}

async function readRoots(id: string, tls: TlsConfig | undefined): Promise<AgentOptions> {
  const ca = await readPem(id, 'ca_file', tls?.caFile);
  return ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] };
}
