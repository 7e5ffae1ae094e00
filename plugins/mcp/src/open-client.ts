import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { JsonSchemaValidator, Transport } from '@modelcontextprotocol/client';
import type { ConnectorContext } from '@automate/sdk';
import { ConfigInvalidError, TransientNetworkError } from '@automate/sdk';
import type { McpSettings } from './config.ts';
import { toConnectorError } from './mcp-error.ts';
import type { RoutedFetch } from './routed-fetch.ts';
import { createRoutedFetch } from './routed-fetch.ts';

export interface OpenClient {
  readonly client: Client;
  /** Runs what sends a request; `fail` is told when its answer is not heard out. */
  readonly listen: RoutedFetch['listen'];
  close(): Promise<void>;
}

export interface OpenClientOptions {
  readonly settings: McpSettings;
  readonly context: ConnectorContext;
  /** The connector's endpoint; empty where none is configured. */
  readonly endpoint: string;
  /** Ends the opening. */
  readonly signal: AbortSignal;
  /** The server offers other tools. */
  onChanged(): void;
  /** The connection has ended. */
  onClosed(): void;
}

interface OpenTransport extends Pick<OpenClient, 'listen'> {
  readonly transport: Transport;
  /** What the program wrote last to its standard error; empty where there is none. */
  lastWords(): string;
  release(): Promise<void>;
}

type Env = Readonly<Record<string, string>>;

/** Node.js hands its walls on to programs that are its own. */
const WALLS =
  ', as the walls of the level "restricted" are around it, too; the operator should choose the level "process" for this connector';

/** Of what a program wrote to its standard error, in characters. */
const MAX_WORDS = 1_000;

/** How long a program may take to end, in milliseconds, once nobody speaks to it any more. */
const PATIENCE_MS = 1_000;

/** Where programs are, for one that is named without its path. */
const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin';

/** Connects to the server that the settings name, starting it where they name a program. */
export async function openClient(options: OpenClientOptions): Promise<OpenClient> {
  const { signal, onChanged, onClosed } = options;
  const client = new Client(
    { name: '@automate/connector-mcp', version: '1.0.0' },
    {
      // What the server says of its answers is judged by the adapter, within bounds.
      jsonSchemaValidator: { getValidator: takeAsItIs },
      versionNegotiation: { mode: 'auto' },
      listChanged: { tools: { autoRefresh: false, debounceMs: 100, onChanged: () => onChanged() } },
    },
  );
  // The library has no events.
  Object.assign(client, { onclose: onClosed });
  const { transport, listen, lastWords, release } = await openTransport(options);
  const close = async (): Promise<void> => {
    await client.close().catch(() => {});
    await release();
  };
  try {
    await untilAborted(client.connect(transport, { signal }), signal);
  } catch (error) {
    await close();
    const known = toConnectorError(error);
    const words = lastWords();
    if (words === '' || known?.code !== 'TRANSIENT_NETWORK') throw error;
    const way = words.includes('ERR_ACCESS_DENIED') ? WALLS : '';
    throw new TransientNetworkError(`${known.message}${way}; its program said: ${words}`, {
      effect: 'none',
      cause: error,
    });
  }
  return { client, listen, close };
}

function takeAsItIs<T>(): JsonSchemaValidator<T> {
  return (value) => ({ valid: true, data: value as T, errorMessage: undefined });
}

/** The library asks which version the server speaks before it looks at the signal. */
async function untilAborted(connecting: Promise<void>, signal: AbortSignal): Promise<void> {
  connecting.catch(() => {});
  signal.throwIfAborted();
  const heard = new AbortController();
  const aborted = once(signal, 'abort', { signal: heard.signal }).then(() => signal.throwIfAborted());
  aborted.catch(() => {});
  try {
    await Promise.race([connecting, aborted]);
  } finally {
    heard.abort();
  }
}

async function openTransport({ settings, context, endpoint }: OpenClientOptions): Promise<OpenTransport> {
  const { url = endpoint, command, args, env } = settings;
  const { id, logger } = context;
  if (command !== undefined) {
    const { DEFAULT_INHERITED_ENV_VARS, StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
    // The library hands on some of its own process, unless they are there.
    const none = Object.fromEntries(DEFAULT_INHERITED_ENV_VARS.map((name) => [name, undefined])) as unknown as Env;
    const transport = new StdioClientTransport({
      command,
      args,
      env: { ...none, PATH: USUAL_PATH, ...env },
      stderr: 'pipe',
    });
    let words = '';
    transport.stderr?.on('data', (chunk: Buffer) => {
      const said = chunk.toString();
      words = `${words}${said}`.slice(-MAX_WORDS);
      logger.debug(`the server says: ${said.trim()}`);
    });
    const close = transport.close.bind(transport);
    transport.close = () => endInTime(programOf(transport), close());
    return { transport, listen: (_fail, work) => work(), lastWords: () => words.trim(), release: async () => {} };
  }
  if (url === '')
    throw new ConfigInvalidError(
      `connector "${id}" names no MCP server; the operator must set settings.url, host, or settings.command`,
      {
        problems: [{ path: 'settings.url', expected: 'the URL of an MCP server, or a command', received: 'nothing' }],
        details: { reason: 'no_endpoint' },
      },
    );
  const routed = createRoutedFetch(context);
  const transport = new StreamableHTTPClientTransport(new URL(url), { fetch: routed.fetch });
  return { transport, listen: routed.listen, lastWords: () => '', release: routed.close };
}

/** The library asks politely for longer than a host may wait that ends; a program that outlives it would run on for ever. */
async function endInTime(program: ChildProcess | undefined, closing: Promise<void>): Promise<void> {
  const timer = setTimeout(() => program?.kill('SIGKILL'), PATIENCE_MS);
  try {
    await closing;
  } finally {
    clearTimeout(timer);
  }
}

/** The library shows no more of it than its id. */
function programOf(transport: object): ChildProcess | undefined {
  return (transport as { readonly _process?: ChildProcess })._process;
}
