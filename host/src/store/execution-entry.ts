import { workerData } from 'node:worker_threads';
import { answerBatches } from './answer-batches.ts';
import { openExecutionTable } from './execution-table.ts';

// The thread that writes executions: what waits for the disk here would be the whole host there.

/** What the thread is told at its start. */
export interface ExecutionThreadData {
  readonly file: string;
  readonly owner: string;
}

const { file, owner } = workerData as ExecutionThreadData;
answerBatches({ file, what: 'executions cannot be kept', open: () => openExecutionTable(file, owner) });
