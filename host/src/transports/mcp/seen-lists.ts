/** Clients that are remembered. */
const MOST = 10_000;

/** Which generation of the list each client has seen last that has no session to remember it by. */
export class SeenLists {
  readonly #seen = new Map<string, number>();

  note(client: string, generation: number): void {
    this.#seen.delete(client);
    this.#seen.set(client, generation);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > MOST && oldest !== undefined) this.#seen.delete(oldest);
  }

  of(client: string): number | undefined {
    return this.#seen.get(client);
  }
}
