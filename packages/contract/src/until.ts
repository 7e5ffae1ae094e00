import { LONGEST_TIMER_MS } from './connector.ts';

/** How long somebody waits. */
export interface Patience {
  /** Milliseconds since the epoch. Default, and whatever is beyond what timers take: for ever. */
  readonly deadline?: number;
  /** The caller's. */
  readonly signal?: AbortSignal | undefined;
  /** Of what the caller uses. */
  readonly closing?: AbortSignal | undefined;
}

/** What ended a patience. */
export type PatienceEnd = 'deadline' | 'caller' | 'closing';

/**
 * Calls `onEnd` once, when the deadline passes or a signal fires; before this returns, where one has fired already. The
 * function that it gives lets go of the timer and the listeners.
 */
export function startPatience(
  { deadline = Infinity, signal, closing }: Patience,
  onEnd: (end: PatienceEnd) => void,
): () => void {
  const letGo = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onCaller);
    closing?.removeEventListener('abort', onClosing);
  };
  const end = (why: PatienceEnd): void => {
    letGo();
    onEnd(why);
  };
  const onCaller = (): void => end('caller');
  const onClosing = (): void => end('closing');
  const waitMs = deadline - Date.now();
  const timer = waitMs > LONGEST_TIMER_MS ? undefined : setTimeout(end, Math.max(0, waitMs), 'deadline');
  signal?.addEventListener('abort', onCaller, { once: true });
  closing?.addEventListener('abort', onClosing, { once: true });
  if (closing?.aborted === true) onClosing();
  else if (signal?.aborted === true) onCaller();
  return letGo;
}

/** Waits for work. Where the patience ends first, this throws what `error` gives for that end, and the work goes on unwatched. */
export function until<T>(
  { error, ...patience }: Patience & { readonly error: (end: PatienceEnd) => Error },
  work: () => Promise<T> | T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const letGo = startPatience(patience, (end) => reject(error(end)));
    const run = async (): Promise<T> => work();
    void run().then(resolve, reject).finally(letGo);
  });
}
