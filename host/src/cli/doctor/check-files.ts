import { statSync } from 'node:fs';
import { isAmong, placesOf, realPathOf } from '@automate/sdk/runtime';
import { inspectSecretsDir } from '../../secrets/secrets-dir.ts';
import type { Finding } from './finding.ts';

export function checkSecretsDir(directory: string | undefined): readonly Finding[] {
  if (directory === undefined) return [];
  const check = 'secrets directory';
  const state = inspectSecretsDir(directory);
  const remedy = `make it a directory of the host's own user and run "chmod 700 ${directory}", or name another with SECRETS_DIR`;
  switch (state.kind) {
    case 'closed':
      return [{ check, state: 'ok', message: directory }];
    case 'open': {
      const message = `${directory} is open to others (mode ${state.mode}) until the next start closes it`;
      return [{ check, state: 'warning', message, remedy }];
    }
    case 'unfit':
      return [{ check, state: 'warning', message: `${directory} ${state.reason}`, remedy }];
    default:
      return state satisfies never;
  }
}

/** The directories that the operator granted to registrations: each has to be there, and none of the host's own. */
export function checkFileRoots(roots: readonly string[], closed: readonly string[]): readonly Finding[] {
  const check = 'files.roots';
  const places = placesOf(closed);
  const remedy = 'correct files.roots in the configuration file';
  return roots.map((root) => {
    const real = realPathOf(root);
    if (real === undefined || statSync(real, { throwIfNoEntry: false }) === undefined)
      return { check, state: 'failed', message: `${root} does not exist`, remedy };
    if (isAmong(places, real)) {
      const message = `${root} lies among the host's own files (data, secrets, configuration), which no connector may use`;
      return { check, state: 'failed', message, remedy };
    }
    return { check, state: 'ok', message: real === root ? root : `${root}, which is ${real}` };
  });
}
