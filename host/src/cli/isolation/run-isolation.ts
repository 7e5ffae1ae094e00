import { join } from 'node:path';
import type { IsolationLevel } from '@automate/contract';
import { CONFIGURED_LEVELS } from '@automate/contract';
import type { Connect } from './doomed-host.ts';
import { DoomedHost } from './doomed-host.ts';
import type { Fault } from './faults.ts';
import { FAULT_GROUPS } from './faults.ts';
import type { Observation, Scene } from './observe.ts';
import { observe } from './observe.ts';
import type { Project } from './project.ts';
import { CANARY, createProject } from './project.ts';

export interface IsolationRunOptions {
  readonly connect: Connect;
  /** The host's package: its directory, and the `file:` URL of its entry. */
  readonly files: { readonly directory: string; readonly entry: string };
  /** The program that runs hosts: this Node. */
  readonly execPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly kill: Scene['kill'];
  /** Ends the run and its hosts; it then rejects. */
  readonly signal: AbortSignal;
  /** Only the quick faults, or those of these names. Default: all. */
  readonly only?: 'quick' | readonly string[];
  /** Default: all that there are. */
  readonly levels?: readonly IsolationLevel[];
  /** Told of each cell as it is known. */
  onObserved?(cell: Cell): void;
}

/** One fault at one level; `skipped` says why it was not done there. */
export type Cell = { readonly fault: string; readonly level: IsolationLevel } & (
  | { readonly skipped: string }
  | { readonly observation: Observation }
);

/** Strongest last, and what has no isolation first: in the order of the page. */
export const LEVELS: readonly IsolationLevel[] = ['none', ...CONFIGURED_LEVELS];

/**
 * Does every fault for real at every level, in hosts that are started for that and may be lost, and tells what came of it. Nothing of the
 * project or host that runs here is touched. Takes some minutes.
 */
export async function runIsolation(options: IsolationRunOptions): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  const onObserved = (cell: Cell): void => {
    cells.push(cell);
    options.onObserved?.(cell);
  };
  for (const level of options.levels ?? LEVELS)
    for (const faults of groupsOf(options.only))
      if (faults.length > 0) await runGroup(faults, level, { ...options, onObserved });
  return cells;
}

/** What is done in one host, as long as that lives: with all of them one host would hold a hundred workers. */
function groupsOf(only: IsolationRunOptions['only']): readonly (readonly Fault[])[] {
  const groups = FAULT_GROUPS.map(({ faults }) => faults);
  if (only === undefined) return groups;
  return [groups.flat().filter(({ name, quick }) => (only === 'quick' ? quick === true : only.includes(name)))];
}

async function runGroup(faults: readonly Fault[], level: IsolationLevel, options: IsolationRunOptions): Promise<void> {
  await using project = await createProject(faults, level, join(options.files.directory, 'isolation'));
  let host: DoomedHost | undefined;
  try {
    for (const fault of faults) {
      options.signal.throwIfAborted();
      const skipped = fault.except?.[level];
      if (skipped !== undefined) {
        options.onObserved?.({ fault: fault.name, level, skipped });
        continue;
      }
      host ??= await startHost(project, level, options);
      const observation = await observe(fault, { host, targets: project.targets, kill: options.kill });
      options.onObserved?.({ fault: fault.name, level, observation });
      if (host.end !== undefined || !observation.hostLives) {
        await host[Symbol.asyncDispose]();
        host = undefined;
      }
    }
  } finally {
    await host?.[Symbol.asyncDispose]();
  }
}

function startHost(
  { root }: Project,
  level: IsolationLevel,
  { connect, files, execPath, env, signal }: IsolationRunOptions,
): Promise<DoomedHost> {
  return DoomedHost.start({
    connect,
    execPath,
    env: { ...env, AUTOMATE_CANARY: CANARY },
    root,
    hostEntry: files.entry,
    level,
    signal,
  });
}
