const NOBODY = 65_534;

/** Runs the function with the rights of an ordinary account: the superuser, as whom tests run in a container, may read anything. */
export function asNobody<T>(run: () => T): T {
  const account = process.geteuid?.();
  if (account !== 0) return run();
  process.seteuid?.(NOBODY);
  try {
    return run();
  } finally {
    process.seteuid?.(account);
  }
}
