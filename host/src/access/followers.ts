import type { ConnectorError, Principal } from '@automate/contract';

type OnEnd = (reason: ConnectorError) => void;

/** Who wants to know when a caller counts no longer: the streams that it opened. */
export class Followers {
  readonly #followers = new Map<Principal, Set<OnEnd>>();

  /** Gives what ends the following. */
  follow(principal: Principal, onEnd: OnEnd): () => void {
    const followers = this.#followers.get(principal) ?? new Set();
    this.#followers.set(principal, followers);
    followers.add(onEnd);
    return () => {
      followers.delete(onEnd);
      if (followers.size === 0) this.#followers.delete(principal);
    };
  }

  /** Tells all that follow this very principal. */
  end(principal: Principal, reason: ConnectorError): void {
    for (const onEnd of this.#followers.get(principal) ?? []) onEnd(reason);
  }
}
