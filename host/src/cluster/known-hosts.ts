import type { LivingHost } from '../store/placement-store.ts';

/** The hosts that live, as one of them heard last. */
export class KnownHosts {
  /** This one's id. */
  readonly #self: string;
  /** By id, the others, and what ends calls to them once they do not live. */
  #others = new Map<string, { readonly host: LivingHost; readonly gone: AbortController }>();
  /** Itself among them; none before it has joined. */
  living: readonly LivingHost[] = [];

  constructor(self: string) {
    this.#self = self;
  }

  other(id: string | undefined): LivingHost | undefined {
    return this.#others.get(id ?? '')?.host;
  }

  get others(): readonly LivingHost[] {
    return [...this.#others.values()].map(({ host }) => host);
  }

  /** Fires once another host does not live any more; undefined where it does not now. */
  lifeOf(id: string): AbortSignal | undefined {
    return this.#others.get(id)?.gone.signal;
  }

  /** Gives the ids of those that live no more, or anew. */
  meet(living: readonly LivingHost[]): readonly string[] {
    const before = this.#others;
    this.living = living;
    const others = living.filter(({ id }) => id !== this.#self);
    this.#others = new Map(
      others.map((host) => {
        const known = before.get(host.id);
        const isSame = known?.host.instance === host.instance;
        return [host.id, { host, gone: isSame ? known.gone : new AbortController() }];
      }),
    );
    const gone = [...before].filter(([id, each]) => this.#others.get(id)?.gone !== each.gone);
    for (const [, each] of gone) each.gone.abort();
    return gone.map(([id]) => id);
  }

  close(): void {
    for (const { gone } of this.#others.values()) gone.abort();
  }
}
