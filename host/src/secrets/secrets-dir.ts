import { chmodSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';

/** How well the directory of the files with secrets is kept from others; `unfit`: its owner has to act. */
export type SecretsDirState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly mode: string }
  | { readonly kind: 'unfit'; readonly reason: string };

export function inspectSecretsDir(directory: string): SecretsDirState {
  try {
    const stats = statSync(directory);
    const { mode, uid } = stats;
    const shown = (mode & 0o777).toString(8);
    if (!stats.isDirectory()) return { kind: 'unfit', reason: 'is not a directory' };
    const user = userInfo().uid;
    // A directory of root's that only this user's group can read is as good. Windows has no user ids (-1).
    const isKept = uid === 0 && (mode & 0o027) === 0;
    if (user !== -1 && uid !== user && !isKept)
      return {
        kind: 'unfit',
        reason: `belongs to user ${uid} (mode ${shown}) and not to the host's own, user ${user}`,
      };
    return uid === user && (mode & 0o077) !== 0 ? { kind: 'open', mode: shown } : { kind: 'closed' };
  } catch (error) {
    return { kind: 'unfit', reason: `cannot be looked at (${(error as { code?: string }).code ?? String(error)})` };
  }
}

/** Closes the directory to all but its owner. Gives a sentence for the operator where the host may not do that. Only hosts that serve call it. */
export function closeSecretsDir(directory: string): string | undefined {
  const state = inspectSecretsDir(directory);
  let reason = state.kind === 'unfit' ? state.reason : undefined;
  if (state.kind === 'open') {
    try {
      chmodSync(directory, 0o700);
    } catch (error) {
      reason = `is open to others (mode ${state.mode}) and cannot be closed (${(error as { code?: string }).code})`;
    }
  }
  return reason === undefined
    ? undefined
    : `SECRETS_DIR: ${directory} ${reason}; it must be a directory of the host's own user with mode 0700`;
}
