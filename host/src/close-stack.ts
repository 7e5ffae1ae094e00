/** Something to be done at the end, with a name for the report. */
export interface CloseStep {
  readonly name: string;
  close(): Promise<void> | void;
}

/**
 * Closes what was opened, in reverse order. Idempotent: every call answers with the same promise. One failing step never
 * skips the rest; the failures come together in one AggregateError.
 */
export class CloseStack {
  readonly #steps: CloseStep[] = [];
  #closing: Promise<void> | undefined;

  /** Remembers a step. Once closing has begun the step is refused, so that nothing is opened behind its back. */
  push(step: CloseStep): void {
    if (this.#closing !== undefined) throw new Error(`cannot open ${step.name}: the host is closing`);
    this.#steps.push(step);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#closeAll());
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.toReversed()) {
      try {
        await step.close();
      } catch (error) {
        failures.push(new Error(`closing ${step.name}`, { cause: error }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'the host did not close cleanly');
  }
}
