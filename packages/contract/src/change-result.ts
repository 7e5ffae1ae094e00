/** What a change answers. */
export interface ChangeResult {
  /** Id of the connector that it was about. */
  readonly id: string;
  /** A sentence for people. */
  readonly message: string;
}
