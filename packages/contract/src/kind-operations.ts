import type { CallOptions } from './call-options.ts';
import type { ConnectorDescription } from './connector.ts';

/** The part of the port that tells of kinds, whether a connector uses them or not. */
export interface KindOperations {
  /**
   * What connectors of a kind can do, and what they are configured with: for whoever is about to register the first. Learned from its
   * code, in a worker of its own, and kept for as long as that stays the same; needs no remote system. Actions that come from the remote
   * system belong to each connector: then `discovery` is there and empty.
   *
   * Rejects with NOT_FOUND, reason `unknown_kind`, where no such kind can be used: the message says which was probably meant, or why the
   * package that declares it is refused, and `blame` who must act. With what its code raised where that fails.
   */
  describeKind(kind: string, options?: CallOptions): Promise<ConnectorDescription>;
}
