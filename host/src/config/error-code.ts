/** The code of a system error, `ENOENT`, or `unknown`. Messages of such errors say little more, and repeat paths. */
export function errorCode(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : 'unknown';
}
