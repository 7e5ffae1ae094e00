import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { ConfigInvalidError } from '@automate/sdk';
import type { ResolvedConfig } from '@automate/sdk';

/** The TLS options of a connector's `tls`; undefined without it: the connection is then not encrypted. */
export async function readTls({ id, tls }: Pick<ResolvedConfig, 'id' | 'tls'>): Promise<ConnectionOptions | undefined> {
  if (tls === undefined) return undefined;
  const { serverName } = tls;
  const [ca, cert, key] = await Promise.all([
    readPem(id, 'ca_file', tls.caFile),
    readPem(id, 'cert_file', tls.certFile),
    readPem(id, 'key_file', tls.keyFile),
  ]);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    rejectUnauthorized: tls.insecure !== true,
  };
}

async function readPem(id: string, field: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as { readonly code?: string }).code ?? 'it cannot be read';
    throw new ConfigInvalidError(
      `connector "${id}": tls.${field} names ${path}, which cannot be read (${code}); the operator must act`,
      { details: { reason: 'tls_file' }, cause: error },
    );
  }
}
