/**
 * Refusals that mean the same from a remote system and from a gateway before it, in whatever words: credentials,
 * permission, size, and when to come again. Of others only the system itself knows what it means by them.
 */
const SAID_BY_STATUS: ReadonlySet<number> = new Set([401, 403, 407, 408, 413, 414, 425, 429, 431]);

/** Whether a status says enough by itself, whoever gives it. Those from 500 on do not need to: whoever it is has failed. */
export function isSaidByStatus(status: number): boolean {
  return SAID_BY_STATUS.has(status);
}
