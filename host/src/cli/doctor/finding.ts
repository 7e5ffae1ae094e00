/** One line of an examination by `automate doctor`. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly message: string;
  /** What to do about it; absent when all is well. */
  readonly remedy?: string;
}
