import type { loadConfig } from '../config/load-config.ts';
import type { HostConfig } from '../config/host-config.ts';
import type { ReloadResult } from '../host.ts';
import type { HostLog } from '../log/host-log.ts';
import type { AppliedChange } from './reconfiguration.ts';

export interface ReloadOptions {
  load(): ReturnType<typeof loadConfig>;
  /** Puts a configuration to work. */
  apply(config: HostConfig): AppliedChange;
  readonly log: HostLog;
}

/** Reads the file again when asked; one reading after the other, so that an older one never comes last. */
export function createReload({ load, apply, log }: ReloadOptions): () => Promise<ReloadResult> {
  let last: Promise<unknown> = Promise.resolve();
  const reload = async (): Promise<ReloadResult> => {
    const next = await load();
    if (!next.ok) {
      log.error({ problems: next.problems }, 'the configuration file is broken: everything stays as it was');
      return { ok: false, problems: next.problems };
    }
    const change = apply(next.config);
    for (const warning of change.warnings) log.warn({}, warning);
    const names = {
      added: change.added.map(({ id }) => id),
      updated: change.updated.map(({ id }) => id),
      removed: change.removed,
    };
    log.info(names, 'the configuration was read again');
    return { ok: true, ...names };
  };
  return () => {
    const turn = last.then(reload, reload);
    last = turn;
    return turn;
  };
}
