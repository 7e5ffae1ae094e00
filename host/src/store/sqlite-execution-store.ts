import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { executionsFull } from './execution-row.ts';
import type { ExecutionStore } from './execution-store.ts';
import type { ExecutionAnswers, ExecutionMethod, ExecutionStep } from './execution-table.ts';
import { executionOwners } from './execution-table.ts';
import { openOwnedSink } from './owned-sink.ts';
import { StepWriter } from './step-writer.ts';

/**
 * Executions in `executions.db` of a data directory, with mode 0600. File and thread are made with the first execution. Several hosts may
 * use one directory: each holds a lock for as long as it lives, so that the others know at once when it has ended.
 */
export function openSqliteExecutionStore(directory: string): ExecutionStore {
  const file = join(directory, 'executions.db');
  let opened: StepWriter<ExecutionStep, unknown> | undefined;
  const open = (): StepWriter<ExecutionStep, unknown> =>
    (opened ??= new StepWriter(
      openOwnedSink({
        file,
        owners: executionOwners(directory),
        entry: new URL('./execution-entry.js', import.meta.url),
        name: 'executions',
        what: 'executions cannot be kept',
      }),
    ));
  const ask = async <Method extends ExecutionMethod>(
    method: Method,
    ...args: Extract<ExecutionStep, { readonly method: Method }>['args']
  ): Promise<ExecutionAnswers[Method]> =>
    (await open().run({ method, args } as ExecutionStep)) as ExecutionAnswers[Method];
  const isEmpty = (): boolean => opened === undefined && !existsSync(file);
  return {
    isRemote: false,
    now: () => Date.now(),
    async enqueue(execution) {
      const answer = await ask('enqueue', execution);
      if (answer.as === 'full') throw executionsFull(answer.rows, answer.bytes);
      return answer;
    },
    find: async (id) => (isEmpty() ? undefined : ask('find', id)),
    payload: async (id) => (isEmpty() ? undefined : ask('payload', id)),
    list: async (filter) => (isEmpty() ? [] : ask('list', filter)),
    waiting: async () => (isEmpty() ? { connectors: [], others: false } : ask('waiting')),
    claim: async (most, limits, shares) => (isEmpty() ? [] : ask('claim', most, limits, shares)),
    renew: async (claims) => (isEmpty() ? { lost: [], cancelled: [] } : ask('renew', claims)),
    takeOver: async (held) => (isEmpty() ? [] : ask('takeOver', held)),
    async progress(claim, progress) {
      await ask('progress', claim, progress);
    },
    finish: (claim, end) => ask('finish', claim, end),
    requeue: (claim, again) => ask('requeue', claim, again),
    cancel: async (id, end) => (isEmpty() ? undefined : ask('cancel', id, end)),
    connectors: async () => (isEmpty() ? [] : ask('connectors')),
    shorten: async (ttlsMs) => (isEmpty() ? undefined : ask('shorten', ttlsMs)),
    claimCallbacks: async (most) => (isEmpty() ? { due: [] } : ask('claimCallbacks', most)),
    endCallback: (execution, end) => ask('endCallback', execution, end),
    expire: async () => (isEmpty() ? 0 : ask('expire')),
    stats: async () => (isEmpty() ? [] : ask('stats')),
    async close() {
      await opened?.close();
    },
  };
}
