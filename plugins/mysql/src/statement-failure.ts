/** An error of the driver with what is known of the statement that met it. */
export class StatementFailure extends Error {
  /** Whether the server refused it before it could do anything. */
  readonly unsent: boolean;

  constructor(cause: unknown, unsent: boolean) {
    super('a statement failed', { cause });
    this.unsent = unsent;
  }
}
