import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectorDescription, JsonObject } from '@automate/contract';
import { toWireConfig } from '@automate/contract/schemas';
import { parseRegistered } from '../config/parse-registered.ts';
import type { HostLog } from '../log/host-log.ts';
import type { Kind, KindCatalog } from '../plugins/kind-catalog.ts';
import type { MasterKeys } from '../secrets/master-key.ts';
import type { SecretVault } from '../secrets/secret-vault.ts';
import { sealCopy } from '../secrets/sealed-copy.ts';
import type { ConnectorStore, StoredConnector } from '../store/connector-store.ts';
import { maskClearTexts } from './clear-texts.ts';
import { maskConfig } from './mask-config.ts';
import { dropUnused, storeLiterals } from './registered-secrets.ts';
import { sealWholeRow } from './sealed-row.ts';

export interface SealRegistrationsOptions {
  readonly store: ConnectorStore;
  readonly vault: SecretVault;
  readonly keys: MasterKeys;
  readonly kinds: KindCatalog;
  readonly dataDir: string;
  readonly log: HostLog;
  describe(id: string, kind: Kind): Promise<ConnectorDescription>;
}

/**
 * Moves the secrets of connectors that an earlier version registered into the store, and leaves nothing of them in the database. A
 * sealed copy of the database as it was is kept beside it. Ended at any point, it begins again at the next start. What cannot be done
 * is told in the log, and the connectors work as before.
 */
export async function sealRegistrations(options: SealRegistrationsOptions): Promise<void> {
  const { store, vault, keys, dataDir, log } = options;
  const rows = (await store.load()).filter(({ sealed, fault }) => !sealed && fault === undefined);
  if (rows.length === 0 || store.unsealed === undefined) return;
  try {
    const file = join(dataDir, `connectors.db.${new Date().toISOString().replaceAll(/\D/g, '')}.sealed`);
    writeFileSync(file, sealCopy(await store.unsealed.copy(), keys.current()), { mode: 0o600, flag: 'wx' });
    const moved: { readonly id: string; readonly config: JsonObject }[] = [];
    const described = new Map<Kind, Promise<ConnectorDescription | undefined>>();
    const describe = (id: string, kind: Kind): Promise<ConnectorDescription | undefined> => {
      const asked = described.get(kind) ?? options.describe(id, kind).catch(() => undefined);
      described.set(kind, asked);
      return asked;
    };
    for (const row of rows) moved.push({ id: row.id, config: await sealRow(row, { ...options, describe }) });
    await store.unsealed.rewrite(moved);
    for (const { id, config } of moved) await dropUnused(vault, { kind: 'connector', name: id }, [config], () => false);
    const connectors = moved.map(({ id }) => id);
    log.info(
      { connectors, file },
      `the secrets of registered connectors were moved into the store; the database as it was is in ${file}, sealed: "automate secrets open-copy" opens it`,
    );
  } catch (error) {
    log.error(
      { err: error },
      'the secrets of registered connectors still lie in the database in clear: they could not be moved into the store',
    );
  }
}

interface SealRowOptions extends Pick<SealRegistrationsOptions, 'kinds' | 'vault'> {
  describe(id: string, kind: Kind): Promise<ConnectorDescription | undefined>;
}

async function sealRow({ id, config: wire }: StoredConnector, options: SealRowOptions): Promise<JsonObject> {
  const parsed = parseRegistered(wire);
  // Nothing of it is known, so that all of it is taken for secret.
  if (!parsed.ok) return sealWholeRow(options.vault, id, wire, parsed.problems);
  const kind = options.kinds.find(parsed.config.kind);
  const description = kind && (await options.describe(id, kind));
  const masked = toWireConfig(maskConfig(parsed.written, description?.configSchema, description !== undefined));
  const owner = { kind: 'connector', name: id } as const;
  return storeLiterals(options.vault, owner, maskClearTexts(wire, owner), masked);
}
