import { workerData } from 'node:worker_threads';
import { answerBatches } from './answer-batches.ts';
import { openOutcomeTable } from './outcome-table.ts';

// The thread that writes outcomes: what waits for the disk here would be the whole host there.

/** What the thread is told at its start. */
export interface OutcomeThreadData {
  readonly file: string;
  readonly owner: string;
}

const { file, owner } = workerData as OutcomeThreadData;
answerBatches({ file, what: 'the outcomes of calls cannot be kept', open: () => openOutcomeTable(file, owner) });
