import type { ConnectionOptions } from 'node:tls';
import { CancelledError, ConfigInvalidError, readTls, remainingMs, TimeoutError } from '@automate/sdk';
import type { CallContext, ConnectorContext, ConnectorError, Effect } from '@automate/sdk';
import { createClient, RESP_TYPES } from '@redis/client';
import type { RedisSettings } from './config.ts';
import { redisError } from './redis-error.ts';
import type { Reply } from './values.ts';

/** The part of a call's context that a command is bound to. */
export type Call = Pick<CallContext, 'deadline' | 'signal'>;

export interface Command {
  readonly args: readonly (string | Buffer)[];
  /** Whether Redis may have acted when no reply came. */
  readonly effect: Effect;
}

type Client = ReturnType<typeof makeClient>;

interface Opened {
  readonly client: Client;
  readonly ready: Promise<unknown>;
  inFlight: number;
  /** What broke the connection, which its calls learn of only as its end. */
  failure: unknown;
  /** Set when a reply did not come in time: new calls get a new connection, and this one ends with its last call. */
  retired: boolean;
}

/** The one connection of a connector, shared by its calls. It is made when first used, and again when it was lost. */
export class Connection {
  readonly #context: ConnectorContext;
  readonly #settings: RedisSettings;
  readonly #server: string;
  #opened: Promise<Opened> | undefined;

  constructor(context: ConnectorContext, settings: RedisSettings) {
    this.#context = context;
    this.#settings = settings;
    const { host, port } = addressOf(context);
    this.#server = `Redis at ${host}:${port}`;
  }

  get settings(): RedisSettings {
    return this.#settings;
  }

  /**
   * Sends a command and waits for its reply until the deadline. Redis cannot be told to stop a command: when the wait
   * ends early, it may still be carried out, which the error says.
   */
  async send({ args, effect }: Command, call: Call): Promise<Reply> {
    let sent: Effect = 'none';
    const give = (error: unknown): unknown => this.normalizeError(error, sent) ?? error;
    const late = startClock(call, () => sent);
    let opened: Opened | undefined;
    try {
      opened = await Promise.race([this.#open(), late.expired]);
      opened.inFlight += 1;
      await Promise.race([opened.ready, late.expired]);
      sent = effect;
      return await Promise.race([opened.client.sendCommand<Reply>([...args]), late.expired]);
    } catch (error) {
      if (late.isOver() && opened !== undefined) this.#retire(opened);
      throw give(late.isOver() ? error : (opened?.failure ?? error));
    } finally {
      late.stop();
      if (opened !== undefined) {
        opened.inFlight -= 1;
        if (opened.retired && opened.inFlight === 0) destroy(opened.client);
      }
    }
  }

  normalizeError(error: unknown, effect: Effect = 'maybe'): ConnectorError | undefined {
    return redisError(error, { server: this.#server, effect });
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    if (opened !== undefined) destroy(opened.client);
  }

  #open(): Promise<Opened> {
    return (this.#opened ??= this.#connect());
  }

  async #connect(): Promise<Opened> {
    try {
      const client = makeClient(this.#context, this.#settings, await tlsOf(this.#context));
      const opened: Opened = { client, ready: greet(client), inFlight: 0, failure: undefined, retired: false };
      const forget = (): void => this.#retire(opened);
      client.on('error', (error: unknown) => {
        opened.failure ??= error;
        forget();
        // After bytes that are no reply the driver would wait on.
        destroy(client);
      });
      client.on('end', forget);
      opened.ready.catch(forget);
      return opened;
    } catch (error) {
      // A file that could not be read may be there the next time.
      this.#opened = undefined;
      throw error;
    }
  }

  #retire(opened: Opened): void {
    if (opened.retired) return;
    opened.retired = true;
    // There is only one that is not retired.
    this.#opened = undefined;
    if (opened.inFlight === 0) destroy(opened.client);
  }
}

export function addressOf({ config }: ConnectorContext): { readonly host: string; readonly port: number } {
  return { host: config.host ?? 'localhost', port: config.port ?? 6379 };
}

async function tlsOf({ config }: ConnectorContext): Promise<ConnectionOptions | undefined> {
  return (await readTls(config)) ?? (config.scheme === 'rediss' ? {} : undefined);
}

function makeClient(context: ConnectorContext, settings: RedisSettings, tls: ConnectionOptions | undefined) {
  const { auth, limits } = context.config;
  if (auth.type !== 'none' && auth.type !== 'basic')
    throw new ConfigInvalidError(
      `connector "${context.id}": auth.type is ${auth.type}; Redis knows basic (user and password) and none; the operator must act`,
      { details: { reason: 'auth_type' } },
    );
  return createClient({
    RESP: 2,
    ...(auth.type === 'basic' ? { username: auth.username ?? 'default', password: auth.password?.reveal() ?? '' } : {}),
    database: settings.database,
    // What is tried again, and when, is for the host to decide.
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    // Bytes as bytes, and whole numbers as text, which loses none of their digits.
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String } },
    socket: {
      ...addressOf(context),
      ...(tls === undefined ? {} : { ...tls, tls: true as const }),
      reconnectStrategy: false,
      connectTimeout: limits.startTimeoutMs,
    },
  });
}

/** Connects and has the server answer once, before anything is sent that could have an effect. */
async function greet(client: Client): Promise<void> {
  await client.connect();
  try {
    await client.sendCommand(['PING']);
  } catch (error) {
    // A user may be forbidden to ask; that is an answer too.
    if (!String((error as Error).message).startsWith('NOPERM')) throw error;
  }
}

function destroy(client: Client): void {
  try {
    client.destroy();
  } catch {
    // It was closed already, which is what is wanted.
  }
}

interface Clock {
  readonly expired: Promise<never>;
  isOver(): boolean;
  stop(): void;
}

/** Rejects when the deadline passes or the caller leaves. */
function startClock({ deadline, signal }: Call, effect: () => Effect): Clock {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  // Nobody may be waiting when it rejects.
  expired.catch(() => undefined);
  let over = false;
  const end = (error: ConnectorError): void => {
    over = true;
    reject(error);
  };
  const tooLate = (): void =>
    end(new TimeoutError('Redis did not answer before the deadline of the call', { effect: effect() }));
  const leave = (): void =>
    Date.now() >= deadline
      ? tooLate()
      : end(
          new CancelledError('the caller cancelled the call; a command that was sent may still be carried out', {
            effect: effect(),
          }),
        );
  const timer = setTimeout(tooLate, Math.min(remainingMs(deadline), 0x7fff_ffff));
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  return {
    expired,
    isOver: () => over,
    stop() {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
    },
  };
}
