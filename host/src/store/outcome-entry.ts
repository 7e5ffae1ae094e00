import { parentPort, workerData } from 'node:worker_threads';
import { ConnectorError, UnavailableError } from '@automate/contract';
import type { CLOSE, ThreadAnswer } from './database-thread.ts';
import type { OutcomeStep, StepAnswer } from './outcome-steps.ts';
import type { OutcomeTable } from './outcome-table.ts';
import { openOutcomeTable } from './outcome-table.ts';
import { storageError } from './storage-error.ts';

// The thread that writes outcomes: what waits for the disk here would be the whole host there.

/** What the thread is told at its start. */
export interface OutcomeThreadData {
  readonly file: string;
  readonly owner: string;
}

const { file, owner } = workerData as OutcomeThreadData;
let table: OutcomeTable | undefined;

parentPort?.on('message', (message: readonly OutcomeStep[] | typeof CLOSE) => {
  if (message === 'close') {
    table?.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(answer(message), []);
});

/** Of steps that are done as one. */
function answer(steps: readonly OutcomeStep[]): ThreadAnswer<readonly StepAnswer[]> {
  try {
    table ??= openOutcomeTable(file, owner);
    return { value: table.run(steps) };
  } catch (reason) {
    return { error: explain(reason).toEnvelope() };
  }
}

function explain(reason: unknown): ConnectorError {
  if (ConnectorError.is(reason)) return reason;
  if (reason instanceof Error && 'errcode' in reason)
    return storageError('the outcomes of calls cannot be kept', file, reason);
  return new UnavailableError(reason instanceof Error ? reason.message : String(reason), {
    blame: 'operator',
    effect: 'none',
    details: { reason: 'storage_failed', file },
  });
}
