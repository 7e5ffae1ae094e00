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

  /** Fires once another host's process is not heard of any more; undefined where it is not now. It may come back, with another life. */
  lifeOf({ id, instance }: Pick<LivingHost, 'id' | 'instance'>): AbortSignal | undefined {
    const known = this.#others.get(id);
    return known?.host.instance === instance ? known.gone.signal : undefined;
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
