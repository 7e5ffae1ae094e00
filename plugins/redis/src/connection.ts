import { createConnectorError, ConnectorError, ForbiddenError, guardCall, InvalidInputError } from '@automate/sdk';
import type { CallScope, ConnectorContext } from '@automate/sdk';
import type { Arg } from './commands.ts';
import { isUnknown, kindOf, refuseToBlock, wordsOf } from './commands.ts';
import type { RedisSettings } from './config.ts';
import type { FailedCommand } from './redis-error.ts';
import { greet, knock, knockToWrite, nodesOf, roleOf } from './knock.ts';
import { effectOf, hasMoved, isRefusal, redisError } from './redis-error.ts';
import type { Client, Server } from './server.ts';
import { makeClient, serverOf, tlsOf } from './server.ts';
import type { Taker } from './takers.ts';
import { guarded, isTooLarge, takerOf, tooLargeToTake } from './takers.ts';
import { cutOf } from './reply-cutter.ts';
import type { Reply } from './values.ts';

interface Opened {
  readonly client: Client;
  readonly ready: Promise<unknown>;
  readonly openedAt: number;
  inFlight: number;
  /** What broke the connection, which its calls learn of only as its end. */
  failure: unknown;
  /** New calls get a new connection, and this one ends with its last call. */
  retired: boolean;
  /** Whether the server lets us run scripts, as far as is known. */
  scripts: boolean;
  /** What the server calls its own commands, as far as it was asked. */
  readonly names: Map<string, string>;
}

/** The one connection of a connector, shared by its calls. It is made when first used, and again when it was lost. */
export class Connection {
  readonly settings: RedisSettings;
  #server: Server | undefined;
  readonly #context: ConnectorContext;
  #opened: Promise<Opened> | undefined;

  constructor(context: ConnectorContext, settings: RedisSettings) {
    this.#context = context;
    this.settings = settings;
  }

  /** Looked up when first needed, so that a connector that is configured wrongly says so to each of its calls. */
  get server(): Server {
    return (this.#server ??= serverOf(this.#context, this.settings));
  }

  /**
   * Sends a command and waits for its reply until the deadline. Redis cannot be told to stop a command: when the wait
   * ends early, it may still be carried out, which the error says. What a command would take away is looked at first.
   */
  async send(args: readonly Arg[], scope: CallScope): Promise<Reply> {
    if (this.settings.read_only && kindOf(args) !== 'read')
      throw new ForbiddenError(`connector "${this.#context.id}" only reads (settings.read_only)`, {
        effect: 'none',
        details: { reason: 'read_only' },
      });
    // Half of a surrogate pair is no character in UTF-8, and would be kept as another one.
    const half = args.findIndex((arg) => typeof arg === 'string' && !arg.isWellFormed());
    if (half !== -1)
      throw new InvalidInputError(`argument ${half} of ${String(args[0])} holds half a character; send it as bytes`, {
        effect: 'none',
        details: { reason: 'bad_text' },
      });
    return this.#run(scope, async (opened, sent) => {
      const real = await realWords(opened, args);
      refuseToBlock(args[0], real);
      const sending = { args: real, kind: kindOf(real) };
      const taker = takerOf(real);
      const ask = (command: readonly Arg[]): Promise<Reply> =>
        opened.client.sendCommand<Reply>([...command]).catch((error: Error) => {
          // A value that was cut is a reply, and no refusal.
          if (cutOf(error) === undefined) throw error;
          return error;
        });
      if (taker !== undefined) {
        if (opened.scripts) {
          sent(sending);
          try {
            return await ask(guarded(args, taker));
          } catch (error) {
            // Nothing was done; what was refused may be the script alone.
            if (!isRefusal(error)) throw error;
            opened.scripts = false;
            sent(undefined);
          }
        }
        await look(ask, args, taker);
      }
      sent(sending);
      return ask(args);
    });
  }

  /**
   * Asks whether the server does what the connector is for. Any answer will do that proves that we were let in.
   *
   * @returns undefined where it does, else what is wrong with it
   */
  async check(scope: CallScope): Promise<string | undefined> {
    return this.#run(scope, async (opened) => {
      await knock(opened.client);
      const nodes = await nodesOf(opened.client);
      if (nodes > 1)
        return `is one node of a cluster of ${nodes}, and the connector speaks to one server that has all keys`;
      const role = await roleOf(opened.client);
      const isPrimary = role === undefined || role === 'master';
      if (isPrimary && !this.settings.read_only) await knockToWrite(opened.client);
      if (isPrimary || (role === 'slave' && this.settings.read_only)) return undefined;
      this.#retire(opened);
      return role === 'slave'
        ? 'is a replica, which takes no writes; settings.read_only makes a connector for reading'
        : `is a ${role}, not a server with data`;
    });
  }

  /** Connects, unless it is. */
  async reach(scope: CallScope): Promise<void> {
    await this.#run(scope, () => Promise.resolve());
  }

  normalizeError(error: unknown): ConnectorError | undefined {
    return ConnectorError.is(error) ? error : redisError(error, { server: this.server.name });
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    if (opened !== undefined) destroy(opened.client);
  }

  /** Lends the connection to a call, and makes of what goes wrong what can be told of it. */
  async #run<T>(
    scope: CallScope,
    work: (opened: Opened, sent: (what: FailedCommand['sent']) => void) => Promise<T>,
  ): Promise<T> {
    let failed: FailedCommand = { server: this.server.name };
    let opened: Opened | undefined;
    try {
      return await guardCall({ scope, closing: this.#context.signal, what: this.server.name }, async (signal) => {
        const lent = await this.#open();
        signal.throwIfAborted();
        opened = lent;
        lent.inFlight += 1;
        await lent.ready;
        signal.throwIfAborted();
        return work(lent, (what) => {
          signal.throwIfAborted();
          failed = { ...failed, sent: what };
        });
      });
    } catch (error) {
      if (ConnectorError.is(error)) {
        // The wait ended, not the command.
        if (opened !== undefined && /^(TIMEOUT|CANCELLED)$/.test(error.code)) this.#retire(opened);
        throw createConnectorError(error.code, error.message, { ...optionsOf(error), effect: effectOf(failed) });
      }
      if (opened !== undefined && hasMoved(error)) this.#retire(opened);
      const cause = opened?.failure ?? error;
      throw redisError(cause, failed) ?? cause;
    } finally {
      if (opened !== undefined) {
        opened.inFlight -= 1;
        if (opened.retired && opened.inFlight === 0) destroy(opened.client);
      }
    }
  }

  async #open(): Promise<Opened> {
    const opened = await (this.#opened ??= this.#connect());
    if (Date.now() - opened.openedAt < this.settings.max_lifetime_ms) return opened;
    this.#retire(opened);
    return (this.#opened ??= this.#connect());
  }

  async #connect(): Promise<Opened> {
    try {
      const tls = await tlsOf(this.#context, this.server);
      const client = makeClient(this.server, tls, this.#context.config.limits.startTimeoutMs);
      const opened: Opened = {
        client,
        ready: greet(client),
        openedAt: Date.now(),
        inFlight: 0,
        failure: undefined,
        retired: false,
        scripts: true,
        names: new Map(),
      };
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

/** The command under Redis's own name for it, where its operator gave it another and the server tells us. */
async function realWords({ client, names }: Opened, args: readonly Arg[]): Promise<readonly Arg[]> {
  if (!isUnknown(args)) return args;
  const { command } = wordsOf(args);
  if (!names.has(command)) {
    const reply = await client.sendCommand<Reply>(['COMMAND', 'INFO', command]).catch(() => null);
    const info = Array.isArray(reply) ? reply[0] : undefined;
    names.set(command, Array.isArray(info) ? String(info[0]) : command);
  }
  return [names.get(command) ?? command, ...args.slice(1)];
}

/** The look before a command takes something, where the server runs no scripts for us. Others may come between. */
async function look(
  ask: (command: readonly Arg[]) => Promise<Reply>,
  args: readonly Arg[],
  { probes, removes }: Taker,
): Promise<void> {
  // What was seen is not what would be taken.
  if (removes === true) return;
  const found = await Promise.all(probes.map((probe) => ask(probe).catch(() => null)));
  if (isTooLarge(found)) throw tooLargeToTake(args);
}

function optionsOf({ retryable, details, cause }: ConnectorError): object {
  return { retryable, ...(details === undefined ? {} : { details }), cause };
}

function destroy(client: Client): void {
  try {
    client.destroy();
  } catch {
    // It was closed already, which is what is wanted.
  }
}
