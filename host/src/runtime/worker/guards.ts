import { MessagePort, parentPort } from 'node:worker_threads';
import type { CrashReport } from '../messages.ts';
import { messageOf, stackOf } from './failure.ts';
import { guardProcess, replace } from './guard-process.ts';
import { natives } from './natives.ts';
import type { Uplink } from './uplink.ts';

/** So many messages on ports that are not the connector's own, and the thread ends. */
const MAX_STRAYS = 100;

/**
 * Closes what would take the host down or leave it in the dark, before the connector's code is loaded. Not a sandbox: it
 * keeps honest mistakes from hurting, not malice.
 *
 * @param port the thread's own; a process has none
 */
export function installGuards(uplink: Uplink, port?: MessagePort): void {
  // Saved first: every exit ends in this function, and it skips the exit hooks of loaded modules.
  const reallyExit = Reflect.get(process, 'reallyExit').bind(process) as (code: number) => never;
  const die = (report: CrashReport): never => {
    uplink.crash({ ...report, stack: new Error(report.message).stack ?? '' }, true);
    return reallyExit(report.exitCode ?? 1);
  };
  guardExits(die);
  if (port !== undefined) guardPorts(port, uplink, die);
  guardProcess((message) => die({ reason: 'process_kill', message, exitCode: 1 }));
  process.on('uncaughtExceptionMonitor', (error, origin) => {
    const stack = stackOf(error);
    // A connector that handles its own uncaught exceptions lives on.
    const livesOn = process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
    const report: CrashReport = {
      reason: origin === 'unhandledRejection' ? 'unhandled_rejection' : 'uncaught_exception',
      message: messageOfThrown(error),
      ...(stack === undefined ? {} : { stack }),
      ...(livesOn ? {} : { exitCode: 1 }),
    };
    uplink.crash(report, !livesOn);
    if (!livesOn) reallyExit(1);
  });
}

function guardExits(die: (report: CrashReport) => never): void {
  const exit = (name: string) => (code?: unknown) => {
    const exitCode = Number(code ?? process.exitCode ?? 0) | 0;
    return die({ reason: 'process_exit', message: `called ${name}(${exitCode})`, exitCode });
  };
  replace(process, 'exit', exit('process.exit'));
  replace(process, 'reallyExit', exit('process.reallyExit'));
  replace(process, 'abort', () => die({ reason: 'process_abort', message: 'called process.abort()', exitCode: 134 }));
}

function guardPorts(port: MessagePort, uplink: Uplink, die: (report: CrashReport) => never): void {
  closePoolPort(port);
  let strays = 0;
  let told = 0;
  const stray = (): void => {
    strays += 1;
    if (strays >= MAX_STRAYS) {
      uplink.sendNow({ kind: 'strays', count: strays - told });
      die({ reason: 'protocol_violation', message: `it posted ${strays} messages on ports that are not its own` });
    }
    natives.setImmediate(() => {
      if (strays > told) uplink.send({ kind: 'strays', count: strays - told }, 0);
      told = strays;
    });
  };
  // The prototype is guarded as well, or the method of any other port could be used.
  const closed = new Set<unknown>([parentPort, port]);
  const { postMessage, close } = MessagePort.prototype;
  for (const [name, real] of [
    ['postMessage', postMessage],
    ['close', close],
  ] as const) {
    replace(MessagePort.prototype, name, function guarded(this: MessagePort, ...args: unknown[]): unknown {
      return closed.has(this) ? stray() : Reflect.apply(real, this, args);
    });
  }
}

/**
 * Closes the pool's own port: it has delivered the one task there will ever be. Open, it would hold the host's process
 * for as long as that task runs, and a stray message on it would end the host.
 */
function closePoolPort(ours: MessagePort): void {
  const list: unknown = Reflect.get(process, '_getActiveHandles');
  if (typeof list !== 'function') return;
  for (const handle of Reflect.apply(list, process, []) as unknown[]) {
    if (handle instanceof MessagePort && handle !== parentPort && handle !== ours) handle.close();
  }
}

function messageOfThrown(error: unknown): string {
  return messageOf(typeof error === 'object' && error !== null ? error : { message: `threw ${String(error)}` });
}
