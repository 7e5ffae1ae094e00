import type { HostLog } from '../log/host-log.ts';
import type { KeptOutcomes } from '../execution/kept-outcomes.ts';
import type { SecretVault } from '../secrets/secret-vault.ts';
import type { ConnectorStore } from '../store/connector-store.ts';
import type { StoredProfile } from '../store/profile-store.ts';
import type { Descriptions } from './descriptions.ts';
import { dropOrphans } from './registered-secrets.ts';
import type { Registry } from './registry.ts';
import { isUsedSecret } from './secret-uses.ts';

export interface DropLeftBehindOptions {
  readonly registry: Registry;
  readonly store: Pick<ConnectorStore, 'load'>;
  readonly storedProfiles: readonly StoredProfile[];
  readonly vault: SecretVault;
  readonly keptOutcomes: Pick<KeptOutcomes, 'forgetLeftBehind'>;
  readonly descriptions: Pick<Descriptions, 'tidy'>;
  readonly log: HostLog;
}

/** Drops, beside the start, what is stored of connectors, profiles and registrations that are gone. What fails is logged, and is tried at the next start. */
export function dropLeftBehind(options: DropLeftBehindOptions): void {
  const { registry, storedProfiles, vault, keptOutcomes, descriptions, log } = options;
  const stored = options.store.load();
  const secrets = async (): Promise<void> => {
    const registered = (await stored).map((row) => ({ ...row, owner: { kind: 'connector' as const, name: row.id } }));
    const set = storedProfiles.map((row) => ({ ...row, owner: { kind: 'profile' as const, name: row.name } }));
    await dropOrphans(vault, [...registered, ...set], (secret) => isUsedSecret(registry, secret));
  };
  const others = async (): Promise<void> => {
    const ids = [...registry.all(), ...(await stored)].map(({ id }) => id);
    await keptOutcomes.forgetLeftBehind(ids);
    await descriptions.tidy(ids);
  };
  secrets().catch((err: unknown) => log.warn({ err }, 'secrets of registrations that failed cannot be dropped'));
  others().catch((err: unknown) => log.warn({ err }, 'what connectors that are gone have left cannot be dropped'));
}
