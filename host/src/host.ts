import type { ConnectorService, Problem } from '@automate/contract';
import type { BootReport } from './boot-report.ts';

/** What a reload did. */
export type ReloadResult =
  | {
      readonly ok: true;
      readonly added: readonly string[];
      readonly updated: readonly string[];
      readonly removed: readonly string[];
    }
  /** The file is broken: everything is as it was. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A running host. */
export interface Host extends AsyncDisposable {
  readonly service: ConnectorService;
  readonly report: BootReport;
  /** How it logs, which is how its report should be told too. */
  readonly logFormat: 'pretty' | 'json';
  /** Where gRPC listens, `127.0.0.1:50051`; absent without listeners. */
  readonly grpcAddress?: string;
  /** Where REST listens, `http://127.0.0.1:8080`; absent without listeners. */
  readonly httpAddress?: string;
  /** Reads the configuration file again. Only connectors that changed restart; a broken file changes nothing. */
  reload(): Promise<ReloadResult>;
  /** Drains and closes everything, in reverse order of opening. Idempotent. */
  close(): Promise<void>;
}
