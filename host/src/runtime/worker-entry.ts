import type { MessagePort } from 'node:worker_threads';
import type { ConnectorType } from '@automate/contract';
import type { ConnectorAdapter } from '@automate/sdk';
import { describeAdapter } from '@automate/sdk/runtime';
import { AdapterRunner } from './worker/adapter-runner.ts';
import { CallRunner } from './worker/call-runner.ts';
import { captureOutput } from './worker/capture-output.ts';
import { encodeFailure, failureOf, stackOf } from './worker/failure.ts';
import { installGuards } from './worker/guards.ts';
import { importAdapter } from './worker/import-adapter.ts';
import { LogWriter } from './worker/log-writer.ts';
import { natives } from './worker/natives.ts';
import { Uplink } from './worker/uplink.ts';

/** The one task that a worker is ever given. */
export interface StartTask {
  readonly port: MessagePort;
  readonly id: string;
  readonly kind: string;
  readonly type: ConnectorType | undefined;
  readonly packageName: string;
  readonly packageVersion: string;
  readonly entryUrl: string;
  readonly compileCacheDirectory: string | undefined;
}

/**
 * Runs inside the connector's thread. Guards it, loads the connector, tells what it is, and then serves calls from the
 * port. Never settles: the task lasts as long as the worker.
 */
export async function start(task: StartTask): Promise<never> {
  const uplink = new Uplink(task.port);
  const log = new LogWriter(uplink);
  installGuards(task.port, uplink);
  captureOutput(log);
  let adapter: ConnectorAdapter | undefined;
  try {
    adapter = await importAdapter(task.entryUrl, task.compileCacheDirectory);
    // Ahead of all else that this turn has to say.
    const onSecrets = (values: readonly string[]): void => uplink.sendNow({ kind: 'secrets', values });
    const { kind, type, packageName, packageVersion } = task;
    const description = describeAdapter(adapter, { kind, type, packageName, packageVersion });
    const runner = new AdapterRunner({ adapter, description, id: task.id, logger: log.logger(), onSecrets });
    new CallRunner({ runner, uplink, log }).listen(task.port);
    uplink.sendNow({ kind: 'described', description: natives.stringify(description) as string });
  } catch (thrown) {
    const error = failureOf('initialize', thrown, { adapter });
    const stack = stackOf(thrown);
    log.write('error', 'logger', `start failed: ${error.message}`, natives.stringify({ stack }) ?? '');
    uplink.sendNow({ kind: 'start-failed', error: encodeFailure(error, adapter) });
  }
  return new Promise<never>(() => {});
}
