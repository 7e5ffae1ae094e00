import { action, ConnectorAdapter, guardCall } from '@automate/sdk';
import type { CallContext, ConnectorContext, ConnectorError } from '@automate/sdk';
import pg from 'pg';
import { z } from 'zod';
import { errorOfDatabase } from './error-of-database.ts';

const item = z.object({ id: z.int(), name: z.string() });

/**
 * Items in the PostgreSQL database of My Service. Where it is (`host`, `port`) and who signs in (`auth: { type: basic, … }`) stand in the
 * connector's configuration. Values travel as parameters, never within a statement; results are bounded; no connection outlives its call
 * where the call was given up.
 */
export default class MyServiceAdapter extends ConnectorAdapter {
  readonly name = 'my_service';
  readonly version = '0.1.0';
  override readonly title = 'My Service';
  override readonly description = 'Finds and adds items in the database of My Service.';

  override readonly configSchema = z.strictObject({
    database: z.string().min(1).default('postgres').describe('Name of the database'),
    connections: z.int().min(1).max(50).default(4).describe('How many connections there are at most'),
  });

  override readonly actions = {
    find_items: action({
      description: 'Finds items whose name contains a text, in the order of their ids.',
      input: z.strictObject({
        text: z.string().default('').describe('Part of the name; default: all'),
        after: z.int().min(0).default(0).describe('Id of the last item of the page before'),
        limit: z.int().min(1).max(500).default(100).describe('Items on the page'),
      }),
      output: z.object({ items: z.array(item) }),
      sideEffects: false,
      idempotent: true,
      run: async ({ text, after, limit }, context) => {
        const statement = 'SELECT id, name FROM items WHERE position($1 IN name) > 0 AND id > $2 ORDER BY id LIMIT $3';
        return { items: await this.#query<z.infer<typeof item>>(context, statement, [text, after, limit]) };
      },
    }),

    add_item: action({
      description: 'Adds an item. Names are unique.',
      input: z.strictObject({ name: z.string().min(1).max(200) }),
      output: item,
      sideEffects: true,
      idempotent: false,
      run: async ({ name }, context) => {
        const rows = await this.#query<z.infer<typeof item>>(
          context,
          'INSERT INTO items (name) VALUES ($1) RETURNING id, name',
          [name],
        );
        return rows[0] ?? { id: 0, name };
      },
    }),
  };

  #pool: pg.Pool | undefined;

  override initialize({ config, logger }: ConnectorContext): void {
    const { database, connections } = this.configSchema.parse(this.context.settings);
    const { auth, limits } = config;
    this.#pool = new pg.Pool({
      host: config.host,
      port: config.port ?? 5432,
      user: auth.username,
      password: auth.password?.reveal(),
      database,
      max: connections,
      application_name: this.id,
      connectionTimeoutMillis: limits.startTimeoutMs,
    });
    // A connection that breaks while nobody uses it; the next call opens another one.
    this.#pool.on('error', (error) => logger.warn('an idle connection broke', { message: error.message }));
  }

  async connect(): Promise<boolean> {
    const scope = { deadline: Date.now() + this.context.config.limits.startTimeoutMs, signal: this.context.signal };
    await this.#query(scope, 'SELECT 1', []);
    return true;
  }

  override normalizeError(error: unknown): ConnectorError {
    return errorOfDatabase(error) ?? super.normalizeError(error);
  }

  override async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.end();
  }

  /** A connection whose call was given up is closed: what it still does would otherwise meet the next call. */
  async #query<Row extends pg.QueryResultRow>(
    scope: Pick<CallContext, 'deadline' | 'signal'>,
    statement: string,
    values: readonly unknown[],
  ): Promise<Row[]> {
    const pool = this.#pool;
    if (pool === undefined) throw new Error('the connector is closed');
    return guardCall({ scope, closing: this.context.signal, what: 'the database' }, async (signal) => {
      const client = await pool.connect();
      let released = false;
      const release = (broken: boolean): void => {
        if (!released) client.release(broken);
        released = true;
      };
      const giveUp = (): void => release(true);
      signal.addEventListener('abort', giveUp, { once: true });
      try {
        if (signal.aborted) giveUp();
        const { rows } = await client.query<Row>(statement, [...values]);
        return rows;
      } finally {
        signal.removeEventListener('abort', giveUp);
        release(false);
      }
    });
  }
}
