import { syncBuiltinESMExports } from 'node:module';

/**
 * Closes what of `process` reaches beyond the connector: signals to its own process, its parent or everybody, what joins this
 * body to the host, and, in reports, the environment of the whole process. For any thread that runs a connector's code, those
 * included that it starts itself; so this imports nothing of ours.
 *
 * @param onKill called in place of a signal to what is more than the connector's own, with a sentence
 */
export function guardProcess(onKill: (message: string) => void): void {
  guardSignals(onKill);
  guardReport();
  for (const name of ['_getActiveHandles', '_getActiveRequests']) replace(process, name, () => []);
  for (const name of ['binding', '_linkedBinding', '_debugProcess', '_debugEnd']) {
    replace(process, name, () => {
      throw new Error(`process.${name} is closed to connectors`);
    });
  }
  syncBuiltinESMExports();
}

function guardSignals(onKill: (message: string) => void): void {
  const { pid: self, ppid: parent } = process;
  const spared: ReadonlySet<number> = new Set([0, -1, self, -self, parent, -parent]);
  // The second is what the first ends in.
  for (const name of ['kill', '_kill']) {
    const real = Reflect.get(process, name) as (pid: number, signal?: string | number) => unknown;
    replace(process, name, (pid: number, signal?: string | number): unknown => {
      // Signal 0 only asks.
      if (signal === 0 || !spared.has(Number(pid))) return Reflect.apply(real, process, [pid, signal]);
      const whom = Math.abs(pid) === parent ? 'the host' : 'its own process';
      return onKill(`called process.kill on ${whom} with ${signal ?? 'SIGTERM'}`);
    });
  }
}

/** Libraries ask a report which C library there is; whom else the process runs and with what is nothing to a connector. */
function guardReport(): void {
  const { report } = process;
  const getReport = report.getReport.bind(report);
  const shown = (error?: Error): object => {
    const {
      environmentVariables: _environment,
      workers: _workers,
      ...rest
    } = getReport(error) as Record<string, unknown>;
    return rest;
  };
  const closed = (): never => {
    throw new Error('process.report.writeReport is closed to connectors');
  };
  replace(process, 'report', Object.freeze({ getReport: shown, writeReport: closed }));
}

/** Libraries assign to these in strict mode; that must do nothing rather than throw. */
export function replace(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { configurable: false, enumerable: true, get: () => value, set: () => {} });
}
