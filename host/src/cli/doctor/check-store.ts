import type { HostSettings } from '../../host-settings.ts';
import type { Finding } from './finding.ts';

export interface StoreCheck {
  readonly findings: readonly Finding[];
  /** Whether something is kept there already, so that it can be looked into without making it. */
  readonly isThere: boolean;
}

/** Whether the database that STORE_URL names, if it does, can be used. Nothing is made in it. */
export async function checkStore({ storeUrl }: Pick<HostSettings, 'storeUrl'>): Promise<StoreCheck> {
  if (storeUrl === undefined) return { findings: [], isThere: true };
  const { lookAtPostgres } = await import('../../store/postgres/look-at-postgres.ts');
  const check = 'store';
  try {
    const { where, server, version, known } = await lookAtPostgres(storeUrl);
    const at = `${where}, PostgreSQL ${server}`;
    if (version > known) {
      const message = `${at}: its tables are of version ${version}, and this host knows ${known}`;
      return { isThere: false, findings: [{ check, state: 'failed', message, remedy: 'upgrade the host' }] };
    }
    const state = version === 0 ? 'no tables yet; they are made at the start' : `tables of version ${version}`;
    return { isThere: version > 0, findings: [{ check, state: 'ok', message: `${at}: ${state}` }] };
  } catch (error) {
    const remedy = 'do what the message says';
    return { isThere: false, findings: [{ check, state: 'failed', message: (error as Error).message, remedy }] };
  }
}
