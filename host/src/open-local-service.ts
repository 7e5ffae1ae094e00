import { Writable } from 'node:stream';
import type { ConnectorService } from '@automate/contract';
import type { HostOptions } from './create-host.ts';
import { createHost } from './create-host.ts';

/** Like `HostOptions`, without doors. */
export type LocalServiceOptions = Omit<HostOptions, 'serve' | 'logTo'> & {
  /** Where the log goes. Default: nowhere. */
  readonly logTo?: Writable;
};

/**
 * Opens the service in this process: no listeners, no background health checks. Closing the service closes everything.
 * Rejects as `createHost` does.
 */
export async function openLocalService(options: LocalServiceOptions): Promise<ConnectorService> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const host = await createHost({ logTo: nowhere, ...options, serve: false });
  return host.service;
}
