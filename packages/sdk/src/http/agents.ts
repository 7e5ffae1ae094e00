import { readFile } from 'node:fs/promises';
import type { Agent as HttpAgent } from 'node:http';
import type { AgentOptions } from 'node:https';
import { getCACertificates } from 'node:tls';
import type { TlsConfig } from '@automate/contract';
import { ConfigInvalidError } from '@automate/contract';
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
        ? once('https:', async () => new https.Agent({ ...KEEP, ...(await readTls(id, tls)) }))
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

async function readTls(id: string, tls: TlsConfig | undefined): Promise<AgentOptions> {
  if (tls === undefined) return {};
  const [ca, cert, key] = await Promise.all([
    readPem(id, 'ca_file', tls.caFile),
    readPem(id, 'cert_file', tls.certFile),
    readPem(id, 'key_file', tls.keyFile),
  ]);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    rejectUnauthorized: tls.insecure !== true,
  };
}

async function readRoots(id: string, tls: TlsConfig | undefined): Promise<AgentOptions> {
  const ca = await readPem(id, 'ca_file', tls?.caFile);
  return ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] };
}

async function readPem(id: string, field: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as { readonly code?: string }).code ?? 'it cannot be read';
    throw new ConfigInvalidError(
      `connector "${id}": tls.${field} names ${path}, which cannot be read (${code}); the operator must act`,
      {
        details: { reason: 'tls_file' },
        cause: error,
      },
    );
  }
}
