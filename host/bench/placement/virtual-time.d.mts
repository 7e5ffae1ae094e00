/** Numbers from 0 to 1, the same ones for the same seed. */
export function randomOf(seed: number): () => number;

/** Time that passes only as it is run. */
export class VirtualTime {
  /** Milliseconds. */
  now: number;
  /** Gives what calls it off. */
  after(ms: number, run: () => void): () => void;
  delay(ms: number): Promise<void>;
  runUntil(time: number): Promise<void>;
}
