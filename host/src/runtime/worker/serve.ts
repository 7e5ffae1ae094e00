import type { ConnectorAdapter } from '@automate/sdk';
import { describeAdapter } from '@automate/sdk/runtime';
import type { StartTask } from '../bodies/body.ts';
import { AdapterRunner } from './adapter-runner.ts';
import { encodeDescription } from './bounded-encode.ts';
import { CallRunner } from './call-runner.ts';
import { CallTrail } from './call-trail.ts';
import { encodeFailure, failureOf, logFailure } from './failure.ts';
import type { Line } from './line.ts';
import { loadAdapter } from './load-adapter.ts';
import { LogWriter } from './log-writer.ts';
import type { NetworkGate } from './network/network-gate.ts';
import { Uplink } from './uplink.ts';

/**
 * The worker's core, the same in every body: loads the connector, tells what it is, and then serves calls from the line.
 * Resolves once that is told, with what to call when the body dies while its code lives on.
 *
 * @param protect called before any of the connector's code is loaded; gives what holds its connections to the policy
 */
export async function serve(
  task: StartTask,
  line: Line,
  protect?: (uplink: Uplink, log: LogWriter, trail: CallTrail) => NetworkGate | undefined,
): Promise<() => void> {
  const trail = new CallTrail();
  const uplink = new Uplink(line, task.seal, trail);
  const log = new LogWriter(uplink);
  const network = protect?.(uplink, log, trail);
  let adapter: ConnectorAdapter | undefined;
  try {
    const { id, kind, type, packageName, packageVersion } = task;
    adapter = await loadAdapter(task);
    // Ahead of all else that this turn has to say.
    const onSecrets = (values: readonly string[]): void => uplink.sendNow({ kind: 'secrets', values });
    const description = describeAdapter(adapter, { kind, type, packageName, packageVersion });
    const text = encodeDescription(description);
    const onActionsChanged = (): void => uplink.sendNow({ kind: 'actions-changed' });
    const logger = log.logger();
    const runner = new AdapterRunner({ adapter, description, id, logger, onSecrets, onActionsChanged, network });
    new CallRunner({ runner, uplink, log, trail, network }).listen(line);
    uplink.sendNow({ kind: 'described', description: text });
    return () => runner.abandon();
  } catch (thrown) {
    const error = failureOf('initialize', thrown, { adapter });
    logFailure(log, 'initialize', { said: 'start failed', error, thrown });
    uplink.sendNow({ kind: 'start-failed', error: encodeFailure(error, adapter) });
    return () => {};
  }
}
