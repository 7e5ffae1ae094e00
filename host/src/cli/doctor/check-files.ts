import { explainFileRoot, realOrWritten } from '../../connectors/files-policy.ts';
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
  return roots.map((root) => {
    const why = explainFileRoot(root, closed);
    if (why !== undefined)
      return {
        check,
        state: 'failed',
        message: `${root} ${why}`,
        remedy: 'correct files.roots in the configuration file',
      };
    const real = realOrWritten(root);
    return { check, state: 'ok', message: real === root ? root : `${root}, which is ${real}` };
  });
}
