import { parentPort, workerData } from 'node:worker_threads';
import { ConnectorError, UnavailableError } from '@automate/contract';
import type { CLOSE, ThreadAnswer } from './database-thread.ts';
import { storageError } from './storage-error.ts';

/** A database as a thread of its own has it: synchronously. */
export interface BatchTable<Step, Answer> {
  /** Does the steps and commits them as one. Throws where nothing of them was done. */
  run(steps: readonly Step[]): readonly Answer[];
  close(): void;
}

/** What such a thread is told at its start. */
export interface OwnedFile {
  readonly file: string;
  /** The host in whose name it writes. */
  readonly owner: string;
}

export interface AnswerBatchesOptions<Step, Answer> {
  /** What cannot be done where a step fails: `the outcomes of calls cannot be kept`. */
  readonly what: string;
  open(file: string, owner: string): BatchTable<Step, Answer>;
}

/** Of a thread that writes: answers each batch of steps that a `StepWriter` sends, over a table that is opened with the first of them. */
export function answerBatches<Step, Answer>({ what, open }: AnswerBatchesOptions<Step, Answer>): void {
  const { file, owner } = workerData as OwnedFile;
  let table: BatchTable<Step, Answer> | undefined;
  const answer = (steps: readonly Step[]): ThreadAnswer<readonly Answer[]> => {
    try {
      table ??= open(file, owner);
      return { value: table.run(steps) };
    } catch (reason) {
      return { error: explain(reason, what, file).toEnvelope() };
    }
  };
  parentPort?.on('message', (message: readonly Step[] | typeof CLOSE) => {
    if (message === 'close') {
      table?.close();
      parentPort?.close();
      return;
    }
    parentPort?.postMessage(answer(message), []);
  });
}

function explain(reason: unknown, what: string, file: string): ConnectorError {
  if (ConnectorError.is(reason)) return reason;
  if (reason instanceof Error && 'errcode' in reason) return storageError(what, file, reason);
  return new UnavailableError(reason instanceof Error ? reason.message : String(reason), {
    blame: 'operator',
    effect: 'none',
    details: { reason: 'storage_failed', file },
  });
}
