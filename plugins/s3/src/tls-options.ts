import { readFile } from 'node:fs/promises';
import type { AgentOptions } from 'node:https';
import { ConfigInvalidError } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';

/** What `tls` of the configuration means to an agent of `node:https`. */
export async function readTlsOptions({ id, config }: ConnectorContext): Promise<AgentOptions> {
  const { tls } = config;
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

async function readPem(id: string, field: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as { readonly code?: string }).code ?? 'unknown';
    throw new ConfigInvalidError(
      `connector "${id}": tls.${field} names ${path}, which cannot be read (${code}); the operator must act`,
      { details: { reason: 'tls_file' }, cause: error },
    );
  }
}
