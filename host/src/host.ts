import type { ConnectorService } from '@automate/contract';
import type { BootReport } from './boot-report.ts';
import type { ReloadResult } from './connectors/source-changes.ts';
import type { KindOptions, KindRegistration } from './plugins/kinds.ts';

/** The kinds of a running host, for the program that embeds it. */
export interface KindRegistry {
  /**
   * Adds a kind to the running host, as `createHost({ kinds })` does to one that starts: connectors of that kind, which
   * waited for it, can be used once this resolves. It lasts as long as the host; connectors registered of it are stored
   * and wait for the kind to be registered again.
   *
   * Rejects with InvalidInputError for a name that is none or what is no adapter, AlreadyExistsError for a kind that was
   * registered before, and UnavailableError, reason `closed`, once the host is closed.
   */
  register(kind: string, adapter: KindRegistration['adapter'], options?: KindOptions): Promise<void>;
}

/** A running host. */
export interface Host extends AsyncDisposable {
  readonly service: ConnectorService;
  readonly registry: KindRegistry;
  readonly report: BootReport;
  /** How it logs, which is how its report should be told too. */
  readonly logFormat: 'pretty' | 'json';
  /** Where gRPC listens, `127.0.0.1:50051`; absent without listeners. */
  readonly grpcAddress?: string;
  /** Where REST listens, `http://127.0.0.1:8080`; absent without listeners. */
  readonly httpAddress?: string;
  /** Path of the socket for programs of this user, where gRPC asks nobody to sign in; absent where there is none. */
  readonly socketPath?: string;
  /** Reads the configuration file again. Only connectors that changed restart; a broken file changes nothing. */
  reload(): Promise<ReloadResult>;
  /** Drains and closes everything, in reverse order of opening. Idempotent. */
  close(): Promise<void>;
}
