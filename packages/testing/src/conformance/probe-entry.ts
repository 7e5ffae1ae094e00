/** The thread of an adapter under test: loads its module, then does one step after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { recordUses } from '../permissions/record-uses.ts';
import { createRecordingLogger } from '../recording-logger.ts';
import { failed, NOTHING_SEEN } from './step-answer.ts';
import type { StepMessage } from './step-answer.ts';
import { watchThread } from './seen.ts';
import { createSteps, globalNames, requireAdapterClass, resourcesOf } from './steps.ts';

interface ThreadData {
  readonly entry: string;
  readonly packageDir: string;
  readonly kind: string;
  readonly canaries: readonly string[];
  readonly log?: string;
}

const { entry, packageDir, kind, canaries: given, log } = workerData as ThreadData;
const port = parentPort;
if (port === null) throw new Error('this module is the entry of a thread');
if (log !== undefined) recordUses(log, packageDir);
const canaries = new Set(given);
const logger = createRecordingLogger();
const before = { resourcesBefore: resourcesOf(), globalsBefore: globalNames() };
const isOwn = (line: string): boolean => {
  const [, within] = line.split(packageDir);
  return within !== undefined && !within.includes('/node_modules/');
};
const watch = watchThread({ logger, canaries, isOwn, streams: [process.stdout, process.stderr] });

try {
  const module = (await import(entry)) as { readonly default?: unknown };
  const steps = createSteps({ adapterClass: requireAdapterClass(module.default), kind, logger, canaries, ...before });
  port.on('message', ({ step, argument }: StepMessage) => {
    void Promise.resolve()
      .then(() => (steps[step] as (argument: unknown) => unknown)(argument))
      .then((value) => ({ ok: true, value }), failed)
      .then((answer) => port.postMessage({ ...answer, seen: watch.take() }));
  });
  port.postMessage({ ok: true });
} catch (error) {
  port.postMessage({ ...failed(error), seen: NOTHING_SEEN });
}
