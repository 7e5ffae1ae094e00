import { inspect } from 'node:util';
import type { RecordingLogger } from '../recording-logger.ts';

/** What the adapter's own code was seen doing beside what it was asked for, since it was last looked at. */
export interface Seen {
  /** Lines on standard output and standard error. */
  readonly console: readonly string[];
  /** Names of environment variables that were read; `*` for all of them. */
  readonly environment: readonly string[];
  /** Where a canary secret came up: `log`, `console`. */
  readonly leaks: readonly string[];
  /** Failures that nobody handled. */
  readonly unhandled: readonly string[];
  /** The longest that the event loop was blocked, in milliseconds. */
  readonly blockedMs: number;
}

/** Watches one thread. */
export interface Watch {
  /** What was seen since the last time. */
  take(): Seen;
  /** Leaves everything as it was. */
  stop(): void;
}

export interface WatchOptions {
  readonly logger: RecordingLogger;
  /** Texts that must not be shown; may grow. */
  readonly canaries: ReadonlySet<string>;
  /** Whether a line of a stack is of the connector's own code, rather than of a library or of Node. */
  readonly isOwn: (line: string) => boolean;
  /** What the thread writes to below its console; absent where others write there too. */
  readonly streams?: readonly Pick<NodeJS.WriteStream, 'write'>[];
}

const TICK_MS = 20;
/** Read by nearly every library, and no secret. */
const INNOCENT = new Set(['NODE_ENV', 'NODE_DEBUG', 'DEBUG', 'TZ']);

/** Begins to watch this thread: its environment, console, event loop and failures. */
export function watchThread({ logger, canaries, isOwn, streams = [] }: WatchOptions): Watch {
  const lines: string[] = [];
  const unhandled: string[] = [];
  const reads = new Set<string>();
  let blockedMs = 0;
  let last = performance.now();
  const look = (): void => {
    const now = performance.now();
    blockedMs = Math.max(blockedMs, now - last - TICK_MS);
    last = now;
  };
  const ticking = setInterval(look, TICK_MS);
  ticking.unref();
  const onFailure = (reason: unknown): void => void unhandled.push(inspect(reason, { depth: 1 }).slice(0, 2000));
  process.on('unhandledRejection', onFailure);
  const restoreEnvironment = watchEnvironment((name) => {
    if (!INNOCENT.has(name) && isOwnRead(isOwn)) reads.add(name);
  });
  const restoreConsole = watchConsole((line) => lines.push(line));
  const writes = streams.map((stream) => ({ stream, write: stream.write.bind(stream) }));
  for (const { stream } of writes)
    stream.write = (chunk: unknown) => lines.push(typeof chunk === 'string' ? chunk : inspect(chunk)) > 0;
  return {
    take() {
      look();
      const shown = logger.records.map(({ message, fields }) => `${message} ${inspect(fields, { depth: 8 })}`);
      const seen: Seen = {
        console: lines.splice(0),
        environment: [...reads],
        leaks: [],
        unhandled: unhandled.splice(0),
        blockedMs: Math.round(blockedMs),
      };
      logger.clear();
      reads.clear();
      blockedMs = 0;
      const leaks = [
        ...(holdsCanary(shown, canaries) ? ['log'] : []),
        ...(holdsCanary(seen.console, canaries) ? ['console'] : []),
      ];
      return { ...seen, leaks };
    },
    stop() {
      clearInterval(ticking);
      process.off('unhandledRejection', onFailure);
      for (const { stream, write } of writes) stream.write = write;
      restoreConsole();
      restoreEnvironment();
    },
  };
}

/** Whether a text shows one of these secrets, plain or in base64. */
export function holdsCanary(texts: readonly string[], canaries: ReadonlySet<string>): boolean {
  return [...canaries].some((canary) => {
    const forms = [canary, encodeURIComponent(canary), Buffer.from(canary).toString('base64').replace(/=+$/, '')];
    return texts.some((text) => forms.some((form) => text.includes(form)));
  });
}

function isOwnRead(isOwn: (line: string) => boolean): boolean {
  const stack = (new Error('who reads').stack ?? '').split('\n').slice(1);
  const caller = stack.find((line) => !/node:|\/conformance\/seen\.|<anonymous>\)?$/.test(line));
  return caller !== undefined && isOwn(caller);
}

function watchEnvironment(onRead: (name: string) => void): () => void {
  const real = process.env;
  process.env = new Proxy(real, {
    get(target, name) {
      if (typeof name === 'string') onRead(name);
      return Reflect.get(target, name) as unknown;
    },
    // The environment takes no other definition of a variable than by setting it.
    set: (target, name, value) => Reflect.set(target, name, value),
    has(target, name) {
      if (typeof name === 'string') onRead(name);
      return Reflect.has(target, name);
    },
    ownKeys(target) {
      onRead('*');
      return Reflect.ownKeys(target);
    },
  });
  return () => {
    process.env = real;
  };
}

const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;

function watchConsole(onLine: (line: string) => void): () => void {
  const real = new Map(METHODS.map((method) => [method, console[method]]));
  for (const method of METHODS)
    console[method] = (...values: readonly unknown[]) => onLine(values.map((value) => shown(value)).join(' '));
  return () => {
    for (const [method, write] of real) console[method] = write;
  };
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 6 });
}
