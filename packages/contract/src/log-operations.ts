import type { CallOptions } from './call-options.ts';
import type { ConnectorInfo } from './connector.ts';
import type { FromHosts, HostFilter } from './host-operations.ts';
import type { JsonObject } from './json.ts';
import type { LineLevel } from './line-level.ts';

/** One line of a host's log, as it was written: known secrets are removed from it. */
export interface LogLine {
  /** Grows with each line of a host, also over its restarts, and by more than one. */
  readonly seq: number;
  /** When, ISO 8601 with milliseconds. */
  readonly at: string;
  readonly level: LineLevel;
  /** The connector that it is about; absent where the host speaks of itself. */
  readonly connector?: string;
  /** `logger` of the connector, its `stdout` or `stderr`, or `host`; absent where the host speaks of itself. */
  readonly source?: string;
  readonly message: string;
  /** What else the line holds. Default: nothing. */
  readonly fields?: JsonObject;
  /** The id of the host that wrote it. Absent where only one was asked. */
  readonly host?: string;
}

export interface LogFilter extends HostFilter {
  /** Lines about this connector alone. Default: all lines. */
  readonly connector?: string;
  /** Of this level and above. Default: all that were written. */
  readonly level?: LineLevel;
  /** Most lines that are kept already, the newest of them, from 1 to 1000. Default 100. */
  readonly limit?: number;
}

export interface FollowFilter extends LogFilter {
  /**
   * The lines that were kept after the one with this `seq` come first, all of them, instead of the last `limit`. By the ids of hosts: after the one
   * with this `seq` of each; one number counts for the host that is asked.
   */
  readonly after?: number | Readonly<Record<string, number>>;
}

/** What who follows a log is told. The first events are of lines that are kept already, then `synced` comes once. */
export type LogEvent =
  | { readonly kind: 'line'; readonly line: LogLine }
  /**
   * Lines are missing here, which were let go before they could be told: `count` of them, where that is known. With `host` they are those of that
   * host; with `why` it could not be asked, and is asked again for as long as it lives.
   */
  | { readonly kind: 'missed'; readonly count?: number; readonly host?: string; readonly why?: string }
  | { readonly kind: 'synced' };

/** The part of the port that shows the log. The last 1,000 lines of each connector are kept in memory, and as many of the host itself. */
export interface LogOperations {
  /** Lines that are kept, the oldest first. NOT_FOUND for a connector that there is not. */
  readLogs(filter?: LogFilter, options?: CallOptions): Promise<FromHosts<LogLine>>;
  /**
   * Lines that are kept, and then each as it is written, also of hosts that come later. Who reads too slowly misses lines, the oldest of those that wait, and is told
   * how many. Ends when `options.signal` fires or the service closes.
   */
  followLogs(filter?: FollowFilter, options?: CallOptions): AsyncIterable<LogEvent>;
  /**
   * From which level on lines about a connector are written and kept: its own and what the host says of it. `default` for that of the
   * host. It counts at once, for the worker that runs, and outlives it and the host.
   */
  setLogLevel(id: string, level: LineLevel | 'default', options?: CallOptions): Promise<ConnectorInfo>;
}
