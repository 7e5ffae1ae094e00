import type { AdapterHealth, CallContext } from '@automate/sdk';
import type { Database } from './database.ts';
import type { SqlConnection } from './dialect.ts';
import { SqlAdapter } from './sql-adapter.ts';

/** A kind of database that has servers. */
export abstract class SqlServerAdapter<C extends SqlConnection> extends SqlAdapter<Database<C>> {
  /** A connector that is there for changes is not well on a server that takes none. */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    const { server, readOnly } = this.database;
    const state = await this.database.check(context);
    if (state === undefined) return { status: 'healthy', message: `all connections to ${server} are in use` };
    const { version, takesChanges } = state;
    if (takesChanges || readOnly) return { status: 'healthy', message: `${server} lets us in`, details: { version } };
    return {
      status: 'unhealthy',
      message: `${server} takes no changes, as a replica does; the operator must name the primary server, or set settings.read_only`,
      details: { version, reason: 'server_read_only' },
    };
  }
}
