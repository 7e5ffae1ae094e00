/** The code of a system error, `ENOENT`, as its message says little more, and repeats paths; of another error the message. */
export function errorCode(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return [code, message].find((text) => typeof text === 'string') ?? 'unknown';
}
