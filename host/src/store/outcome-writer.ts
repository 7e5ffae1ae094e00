import { parentPort, workerData } from 'node:worker_threads';
import type { ErrorEnvelope } from '@automate/contract';
import { ConnectorError, UnavailableError } from '@automate/contract';
import type { OutcomeStep, OutcomeTable, StepAnswer } from './outcome-table.ts';
import { openOutcomeTable } from './outcome-table.ts';
import { storageError } from './storage-error.ts';

// The thread that writes outcomes: what waits for the disk here would be the whole host there.

/** What the thread is told at its start. */
export interface WriterData {
  readonly file: string;
  readonly owner: string;
}

/** Steps to be done as one, or the end. */
export type ToWriter = readonly OutcomeStep[] | 'close';

export type FromWriter = { readonly answers: readonly StepAnswer[] } | { readonly error: ErrorEnvelope };

const { file, owner } = workerData as WriterData;
let table: OutcomeTable | undefined;

parentPort?.on('message', (message: ToWriter) => {
  if (message === 'close') {
    table?.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(answer(message), []);
});

function answer(steps: readonly OutcomeStep[]): FromWriter {
  try {
    table ??= openOutcomeTable(file, owner);
    return { answers: table.run(steps) };
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
