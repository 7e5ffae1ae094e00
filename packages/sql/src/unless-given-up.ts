/** Does work on a connection that is being opened. Where it fails, and where the signal fires before, the connection ends. */
export async function unlessGivenUp<T>(
  giveUp: AbortSignal,
  connection: { destroy(): void },
  work: () => Promise<T>,
): Promise<T> {
  const destroy = (): void => connection.destroy();
  giveUp.addEventListener('abort', destroy, { once: true });
  try {
    return await work();
  } catch (error) {
    destroy();
    throw error;
  } finally {
    giveUp.removeEventListener('abort', destroy);
  }
}
