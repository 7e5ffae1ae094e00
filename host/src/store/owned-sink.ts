import type { OwnedFile } from './answer-batches.ts';
import { DatabaseThread } from './database-thread.ts';
import type { Owners } from './owner-lock.ts';
import type { StepSink } from './step-writer.ts';

export interface OwnedSinkOptions {
  readonly file: string;
  readonly owners: Owners;
  /** The module that the thread begins with; it answers with `answerBatches`. */
  readonly entry: URL;
  readonly name: string;
  /** What cannot be done where the thread is lost: `the outcomes of calls cannot be kept`. */
  readonly what: string;
}

/** Writes to a database that several hosts may share, by a thread of its own, under a name that this host holds until it is closed. */
export function openOwnedSink<Step, Answer>({
  file,
  owners,
  entry,
  name,
  what,
}: OwnedSinkOptions): StepSink<Step, Answer> {
  const { owner, release } = owners.hold();
  const thread = new DatabaseThread<readonly Step[]>({ entry, name, what, data: (): OwnedFile => ({ file, owner }) });
  return {
    write: async (steps) => (await thread.ask(steps)) as readonly Answer[],
    async close() {
      await thread.close();
      release();
    },
  };
}
