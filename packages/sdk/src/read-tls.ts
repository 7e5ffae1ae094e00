import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import type { TlsConfig } from '@automate/contract';
import { ConfigInvalidError } from '@automate/contract';

/** A connector as far as its TLS goes: its `context.config` will do. */
export interface TlsOwner {
  /** The connector's id, for messages. */
  readonly id: string;
  readonly tls?: TlsConfig | undefined;
}

/**
 * What a connector's `tls` means to `node:tls` and to agents of `node:https`, its files read: with `ca_file` only that
 * authority is trusted. Undefined without `tls`: whether the connection is encrypted is then up to the kind.
 *
 * @throws ConfigInvalidError (`details.reason` `tls_file`) for a file that cannot be read.
 */
export async function readTls({ id, tls }: TlsOwner): Promise<ConnectionOptions | undefined> {
  if (tls === undefined) return undefined;
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

/** A file of `tls` that the configuration names as `field`; undefined where it names none. */
export async function readPem(id: string, field: string, path: string | undefined): Promise<string | undefined> {
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
