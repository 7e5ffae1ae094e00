import type { CallOptions } from './call-options.ts';
import type { ConnectorInfo } from './connector.ts';

/**
 * The part of the port by which operators stop connectors and let them go on, whoever owns them. What is set so is stored beside the
 * configuration, outlives a restart of the service, and goes with the connector's removal. Asked twice, nothing happens the second time.
 * Each answers what the connector is by then.
 */
export interface ControlOperations {
  /**
   * Takes no more calls: they fail with UNAVAILABLE, reason `paused`. Those that were under way end by themselves; the connector stays
   * connected, and its health is checked as before.
   */
  pause(id: string, options?: CallOptions): Promise<ConnectorInfo>;
  /** Takes calls again. */
  resume(id: string, options?: CallOptions): Promise<ConnectorInfo>;
  /**
   * Starts it anew and connects, with its secrets as they are now and without waiting for a back-off or a quarantine; calls under way
   * end on the old worker. Where that fails the answer says so, by `status` and `lastError`. UNAVAILABLE where it is disabled or its kind missing.
   */
  restart(id: string, options?: CallOptions): Promise<ConnectorInfo>;
  /** Lets it run, also where its configuration says `enabled: false`, and connects; how that went the answer says, as of `restart`. */
  enable(id: string, options?: CallOptions): Promise<ConnectorInfo>;
  /** Ends it and takes no calls, also where its configuration says `enabled: true`, until it is enabled here. */
  disable(id: string, options?: CallOptions): Promise<ConnectorInfo>;
}
