import type { HostSettings } from '../../host-settings.ts';
import { CLOCK_REMEDY, describeClocks } from '../../log/tell-shared.ts';
import { openMasterKeys } from '../../secrets/master-key.ts';
import { findForeignKey } from '../../secrets/shared-keys.ts';
import { HalfMovedError } from '../../store/half-moved.ts';
import { hostIdOf } from '../../store/host-id.ts';
import type { KeysInUse } from '../../store/keys-in-use.ts';
import type { Finding } from './finding.ts';

/** The oldest PostgreSQL that hosts are tried with, by its first number. */
const OLDEST = 13;

export interface StoreCheck {
  readonly findings: readonly Finding[];
  /** Whether something is kept there already, so that it can be looked into without making it. */
  readonly isThere: boolean;
}

/** Whether the database that STORE_URL names, if it does, can be used. Nothing is made in it. */
export async function checkStore({
  storeUrl,
  ...settings
}: Pick<HostSettings, 'storeUrl' | 'dataDir' | 'masterKeyFile'>): Promise<StoreCheck> {
  if (storeUrl === undefined) return { findings: [], isThere: true };
  const { lookAtPostgres } = await import('../../store/postgres/look-at-postgres.ts');
  const check = 'store';
  try {
    const { where, server, version, known, lacks, keys, aheadMs, movingFrom } = await lookAtPostgres(storeUrl);
    const at = `${where}, PostgreSQL ${server}`;
    if (version > known) {
      const message = `${at}: its tables are of version ${version}, and this host knows ${known}`;
      return { isThere: false, findings: [{ check, state: 'failed', message, remedy: 'upgrade the host' }] };
    }
    // PostgreSQL 9.6 says 9.6.24: its first number is enough.
    if (Number.parseInt(server, 10) < OLDEST) {
      const message = `${at}: expected PostgreSQL ${OLDEST} or newer`;
      return { isThere: false, findings: [{ check, state: 'failed', message, remedy: 'upgrade the database server' }] };
    }
    if (lacks !== undefined) {
      const message = `${at}: its user may not make the tables of the host there`;
      const remedy = `have the owner of the database say: ${lacks}`;
      return { isThere: false, findings: [{ check, state: 'failed', message, remedy }] };
    }
    if (movingFrom !== undefined) throw new HalfMovedError(where, movingFrom);
    const state = version === 0 ? 'no tables yet; they are made at the start' : `tables of version ${version}`;
    const found: Finding = { check, state: 'ok', message: `${at}: ${state}` };
    return { isThere: version > 0, findings: [found, ...checkClock(aheadMs), ...checkMasterKey(keys, settings)] };
  } catch (error) {
    const remedy = 'do what the message says';
    return { isThere: false, findings: [{ check, state: 'failed', message: (error as Error).message, remedy }] };
  }
}

/** Whether the clock of this machine is about that of the database, which hosts go by. */
function checkClock(aheadMs: number): readonly Finding[] {
  if (aheadMs === 0) return [];
  return [{ check: 'clock', state: 'warning', message: describeClocks(aheadMs), remedy: CLOCK_REMEDY }];
}

/** Whether this host has the master keys that are in use in the store. */
function checkMasterKey(
  inUse: KeysInUse,
  { dataDir, masterKeyFile: keyFile }: Pick<HostSettings, 'dataDir' | 'masterKeyFile'>,
): readonly Finding[] {
  if (inUse.sealed.length === 0 && inUse.hosts.length === 0) return [];
  const check = 'master key';
  const remedy = 'name the file that all hosts of this store have with MASTER_KEY_FILE';
  try {
    const keys = openMasterKeys({ dataDir, keyFile });
    const foreign = findForeignKey(keys, inUse, hostIdOf(dataDir) ?? '');
    if (foreign !== undefined) return [{ check, state: 'failed', message: foreign, remedy }];
    const lost = inUse.sealed.filter((id) => !keys.all().some((key) => key.id === id));
    if (lost.length === 0) return [{ check, state: 'ok', message: `${keys.file} is that of the hosts of the store` }];
    const message = `what is kept in the store is sealed under ${lost.join(', ')} in part, which is not in ${keys.file}: this host cannot read that`;
    return [{ check, state: 'failed', message, remedy }];
  } catch (error) {
    return [{ check, state: 'failed', message: (error as Error).message, remedy }];
  }
}
