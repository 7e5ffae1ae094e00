import type { IsolationOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import type { FormatTable } from '../format-table.ts';
import { FAULT_GROUPS } from './faults.ts';
import { formatMatrix, outcomeOf } from './render-matrix.ts';
import type { IsolationRunOptions } from './run-isolation.ts';
import { LEVELS, runIsolation } from './run-isolation.ts';

/** Runs what was asked for, and tells it for people or for programs. */
export async function tellIsolation(
  { quick, faults, levels = LEVELS, json }: IsolationOptions & { readonly json: boolean },
  machine: Pick<IsolationRunOptions, 'connect' | 'files' | 'execPath' | 'env' | 'kill' | 'signal'> & {
    readonly formatTable: FormatTable;
  },
): Promise<string> {
  const names = FAULT_GROUPS.flatMap((group) => group.faults.map(({ name }) => name));
  refuseUnknown('fault', faults ?? [], names);
  refuseUnknown('level', levels, LEVELS);
  const only = quick === true ? 'quick' : faults;
  const cells = await runIsolation({ ...machine, levels, ...(only === undefined ? {} : { only }) });
  if (!json) return formatMatrix(cells, levels, machine.formatTable);
  const told = cells.map((cell) => ({
    fault: cell.fault,
    level: cell.level,
    outcome: outcomeOf(cell),
    ...('observation' in cell && {
      took_ms: Math.round(cell.observation.tookMs),
      next_ms: cell.observation.nextMs === undefined ? null : Math.round(cell.observation.nextMs),
      host_lives: cell.observation.hostLives,
      beside_failed: cell.observation.besideFailed,
    }),
  }));
  return JSON.stringify({ cells: told }, undefined, 2);
}

function refuseUnknown(what: string, given: readonly string[], known: readonly string[]): void {
  const unknown = given.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new CliExit(EXIT.usage, `there is no ${what} ${unknown.join(', ')}; there are ${known.join(', ')}`);
}
