import { ConnectorAdapter, ConnectorInternalError } from '@automate/sdk';
import type { AdapterHealth, CallContext, ConnectorContext, ConnectorError } from '@automate/sdk';
import { command } from './actions/command.ts';
import { del } from './actions/del.ts';
import { get } from './actions/get.ts';
import { hget } from './actions/hget.ts';
import { hset } from './actions/hset.ts';
import { incr } from './actions/incr.ts';
import { publish } from './actions/publish.ts';
import { scan } from './actions/scan.ts';
import { setIfAbsent } from './actions/set-if-absent.ts';
import { set } from './actions/set.ts';
import { configSchema } from './config.ts';
import { Connection } from './connection.ts';

/** A Redis server, or what speaks its protocol. */
export default class RedisAdapter extends ConnectorAdapter {
  readonly name = 'redis';
  readonly version = '1.0.0';
  override readonly title = 'Redis';
  override readonly description = 'Reads, writes and publishes in a Redis server.';
  override readonly configSchema = configSchema;
  #connection: Connection | undefined;
  readonly #use = (): Connection => {
    if (this.#connection !== undefined) return this.#connection;
    throw new ConnectorInternalError('the connector was used before its start', { effect: 'none' });
  };
  override readonly actions = {
    get: get(this.#use),
    set: set(this.#use),
    set_if_absent: setIfAbsent(this.#use),
    del: del(this.#use),
    incr: incr(this.#use),
    hget: hget(this.#use),
    hset: hset(this.#use),
    publish: publish(this.#use),
    scan: scan(this.#use),
    command: command(this.#use),
  };

  override initialize(context: ConnectorContext): void {
    this.#connection = new Connection(context, configSchema.parse(context.settings));
  }

  override async connect(): Promise<boolean> {
    const { config, signal } = this.context;
    await this.#use().reach({ deadline: Date.now() + config.limits.startTimeoutMs, signal });
    return true;
  }

  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    const connection = this.#use();
    const wrong = await connection.check(context);
    const { name } = connection.server;
    return wrong === undefined
      ? { status: 'healthy', message: `${name} answers` }
      : { status: 'unhealthy', message: `${name} ${wrong}` };
  }

  override normalizeError(error: unknown): ConnectorError {
    return super.normalizeError(this.#connection?.normalizeError(error) ?? error);
  }

  override async close(): Promise<void> {
    await this.#connection?.close();
  }
}
