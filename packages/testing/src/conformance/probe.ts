import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { AdapterClass } from '@automate/sdk/runtime';
import { createRecordingLogger } from '../recording-logger.ts';
import type { Seen } from './seen.ts';
import type { StepMessage } from './step-answer.ts';
import { failed, NOTHING_SEEN } from './step-answer.ts';
import { watchThread } from './seen.ts';
import type { StepName, Steps } from './steps.ts';
import { createSteps, globalNames, requireAdapterClass, resourcesOf } from './steps.ts';

/** The adapter under test: its class in this thread, or the module that a thread of its own is to load. */
export type Code =
  | { readonly adapterClass: AdapterClass }
  | {
      /** `file:` URL of the module. */
      readonly entry: string;
      /** Real path of its package. */
      readonly packageDir: string;
      /** Directory into which it is written what the adapter uses of the machine. Default: nothing is. */
      readonly log?: string;
    };

type Argument<Name extends StepName> = Parameters<Steps[Name]>[0];
export type StepResult<Name extends StepName> = Awaited<ReturnType<Steps[Name]>>;

/** What one step gave or threw, and what was seen meanwhile. */
export type Answer<Name extends StepName> = { readonly seen: Seen } & (
  | { readonly ok: true; readonly value: StepResult<Name> }
  | { readonly ok: false; readonly message: string; readonly hung?: true; readonly died?: true }
);

/** Where an adapter is driven, one step after the other. */
export interface Probe extends AsyncDisposable {
  /** Does one step; one that has not ended in time ends the adapter's thread, if it has one. */
  step<Name extends StepName>(name: Name, argument: Argument<Name>, withinMs: number): Promise<Answer<Name>>;
}

export interface ProbeOptions {
  readonly code: Code;
  readonly kind: string;
  readonly canaries: readonly string[];
}

/** Loads the adapter. Rejects where its module cannot be loaded within that time, or gives no adapter. */
export function openProbe(options: ProbeOptions, withinMs: number): Promise<Probe> {
  const { code } = options;
  return 'entry' in code
    ? openThread(options, code, withinMs)
    : Promise.resolve(openInline(options, code.adapterClass));
}

function openInline({ kind, canaries: given }: ProbeOptions, adapterClass: AdapterClass): Probe {
  const logger = createRecordingLogger();
  const canaries = new Set(given);
  const steps = createSteps({
    adapterClass: requireAdapterClass(adapterClass),
    kind,
    logger,
    canaries,
    resourcesBefore: resourcesOf(),
    globalsBefore: globalNames(),
  });
  const watch = watchThread({ logger, canaries, isOwn: isOutsideOfLibraries });
  return {
    async step(name, argument, withinMs) {
      const work = Promise.resolve()
        .then(() => (steps[name] as (given: unknown) => unknown)(argument))
        .then((value) => ({ ok: true, value: value as never }) as const, failed);
      const late = new AbortController();
      const first = await Promise.race([
        work,
        delay(withinMs, tooLate(withinMs), { signal: late.signal }).catch(() => tooLate(withinMs)),
      ]);
      late.abort();
      return { ...first, seen: watch.take() };
    },
    async [Symbol.asyncDispose]() {
      watch.stop();
    },
  };
}

/** Of a stack's line: no library, and none of what runs the connector. */
function isOutsideOfLibraries(line: string): boolean {
  return !/[/\\]node_modules[/\\]|[/\\](?:packages|@automate)[/\\](?:testing|sdk|contract)[/\\]/.test(line);
}

function tooLate(withinMs: number): { readonly ok: false; readonly message: string; readonly hung: true } {
  return { ok: false, message: `did not end within ${withinMs} ms`, hung: true };
}

const ENTRY = new URL('./probe-entry.js', import.meta.url);

async function openThread(
  { kind, canaries }: ProbeOptions,
  code: Extract<Code, { readonly entry: string }>,
  withinMs: number,
): Promise<Probe> {
  const worker = new Worker(ENTRY, {
    workerData: { ...code, kind, canaries },
    // As in the host: a connector sees no variable that it was not granted, and no flag of whoever runs the tests.
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  // Nothing comes there: what the connector writes is caught in its thread.
  for (const stream of [worker.stdout, worker.stderr]) stream.resume();
  let death: string | undefined;
  const dead = once(worker, 'exit').then(([exitCode]) => {
    death ??= `its thread ended with exit code ${exitCode}`;
  });
  worker.on('error', (error) => {
    death ??= `its thread was ended by an error that nobody caught: ${failed(error).message}`;
  });
  const answerWithin = async (ms: number): Promise<unknown> => {
    const late = new AbortController();
    const message = once(worker, 'message', { signal: late.signal }).then(
      ([value]) => value as unknown,
      () => undefined,
    );
    const answer = await Promise.race([
      message,
      dead.then(() => ({ ok: false, message: death ?? 'its thread ended', died: true, seen: NOTHING_SEEN })),
      delay(ms, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
    if (answer === undefined) await worker.terminate();
    return answer ?? { ...tooLate(ms), seen: NOTHING_SEEN };
  };
  const loaded = (await answerWithin(withinMs)) as { readonly ok: boolean; readonly message?: string };
  if (!loaded.ok) {
    await worker.terminate();
    throw new Error(`its module could not be loaded: ${loaded.message ?? ''}`);
  }
  return {
    async step(name, argument, ms) {
      if (death !== undefined) return { ok: false, message: death, died: true, seen: NOTHING_SEEN };
      worker.postMessage({ step: name, argument } satisfies StepMessage, []);
      return (await answerWithin(ms)) as Answer<typeof name>;
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
