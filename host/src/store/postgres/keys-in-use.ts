import { CompiledQuery } from 'kysely';
import type { HostWithKeys, KeysInUse } from '../keys-in-use.ts';
import type { PluginSet } from '../placement-store.ts';
import type { Session } from './postgres-database.ts';

// What is sealed as a text begins with the id of its key. Of what waits to be run one says enough, of which there may be a million.
const SEALED = `SELECT key_id AS id FROM automate.secrets
  UNION SELECT encode(decode(substring(payload FOR 16), 'base64'), 'escape') FROM automate.schedules WHERE payload ~ '^[A-Za-z0-9+/]{16}'
  UNION (SELECT encode(substring(payload FOR 12), 'escape') FROM automate.executions
    WHERE status = 'queued' AND payload IS NOT NULL ORDER BY seq DESC LIMIT 1)`;
const LIVING = 'SELECT id, name, address, plugins FROM automate.hosts WHERE expires_at > clock_timestamp() ORDER BY id';

/** Which master keys are in use in a store. */
export async function readKeysInUse(session: Session): Promise<KeysInUse> {
  const sealed = await session.rows<{ readonly id: string }>(CompiledQuery.raw(SEALED));
  type Row = Omit<HostWithKeys, 'keys'> & { readonly plugins: string };
  const hosts = await session.rows<Row>(CompiledQuery.raw(LIVING));
  return {
    sealed: sealed.map(({ id }) => id),
    hosts: hosts.map(({ plugins, ...host }) => ({
      ...host,
      keys: plugins === '' ? [] : ((JSON.parse(plugins) as PluginSet).keys ?? []),
    })),
  };
}
