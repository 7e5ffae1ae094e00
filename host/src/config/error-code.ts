/** The code of a system error, such as `ENOENT`: its message says little more and repeats paths. Of any other error the message. */
export function errorCode(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return [code, message].find((text) => typeof text === 'string') ?? 'unknown';
}
