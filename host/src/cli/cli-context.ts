import type {
  AuditExpectation,
  AuditVerdict,
  CallOptions,
  ConnectorConfigInput,
  ConnectorError,
  ConnectorService,
  IsolationLevel,
  Problem,
  SetProfileRequest,
} from '@automate/contract';
import type { Screen, ScreenOptions } from './top/open-screen.ts';
import type { FormatTable } from './format-table.ts';
import type { BisectReport } from './bisect/bisect-report.ts';
import type { Finding } from './doctor/finding.ts';
import type { MovedStore } from './store/move-store.ts';
import type {
  PluginDiff,
  PluginOutcome,
  PluginRequest,
  SignedPlugins,
  VerifiedPlugin,
} from './plugins/plugin-changes.ts';

/** The options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly project?: string;
  readonly config?: string;
  readonly dataDir?: string;
  readonly address?: string;
}

/** Options of `start`. */
export interface StartOptions {
  readonly grpcPort?: string;
  readonly httpPort?: string;
  readonly bindAddress?: string;
  readonly advertise?: string;
  readonly healthInterval?: string;
  readonly logLevel?: string;
  readonly logFormat?: string;
  readonly otlpEndpoint?: string;
  readonly frozen?: true;
  readonly without?: readonly string[];
}

/** Options of `isolation`. */
export interface ConformanceCliOptions {
  /** Only these checks. */
  readonly checks?: readonly string[];
  /** An earlier release of the package whose promises are to be kept: as a user names it, or the newest that is published. */
  readonly against?: string | true;
  /** Where to write the badge. */
  readonly badge?: string;
}

/** Options of `permissions learn`. */
export interface LearnOptions {
  readonly target: string;
  /** The tests, as a program and its arguments. Empty: the package's own script. */
  readonly command: readonly string[];
  /** Default true. */
  readonly tests?: boolean;
  /** Whether package.json is changed. Default false. */
  readonly write?: boolean;
}

export interface IsolationOptions {
  readonly quick?: true;
  readonly faults?: readonly string[];
  readonly levels?: readonly IsolationLevel[];
}

/** Options of `mcp`. */
export interface AgentOptions {
  /** Patterns of what the agent sees, of what the configuration lets it see. */
  readonly expose?: readonly string[];
  readonly readOnly?: boolean;
}

/** What a rotation of the master key did. */
export interface KeyRotation {
  readonly keyId: string;
  /** Whether the key in use was made by it. */
  readonly renewed: boolean;
  /** Versions of secrets that were wrapped anew. */
  readonly rewrapped: number;
  /** Those that cannot be read, each with the reason. */
  readonly unreadable: readonly string[];
  /** Where the key in use is. */
  readonly file: string;
}

/** What there is of a host on a data directory. */
export interface FoundHost {
  readonly dataDir: string;
  readonly state: 'running' | 'starting_or_ending' | 'killed' | 'stopped';
  /** What of it a person is told where it takes no calls, without a full stop. */
  readonly why: string;
}

export type Style = (format: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string) => string;

/** From where to where: data directories, or URLs; `STORE_URL` for what that variable has. */
export interface StoreMoveOptions {
  readonly from?: string;
  readonly to?: string;
}

/** What commands may do to the world. Only `main` knows the process. */
export interface CliContext {
  /** Writes to standard output; a line break is added. */
  out(text: string): void;
  /** Writes to standard error; a line break is added. */
  err(text: string): void;
  /** Colours on standard output: plain text where they are not wanted. */
  readonly style: Style;
  /** Likewise on standard error. */
  readonly styleError: Style;
  /** Rows below a header, to fit the terminal where there is one. */
  readonly table: FormatTable;
  /** Columns of the terminal; undefined where standard output is none. */
  readonly columns: number | undefined;
  /** Fires when whoever read standard output has left, as `| head` does. */
  readonly unread: AbortSignal;
  /** Whether a person sits at it, whose keys can be read and who sees what is drawn. */
  readonly hasScreen: boolean;
  /** Takes the terminal whole; only where there is one. */
  openScreen(listeners: Pick<ScreenOptions, 'onKey' | 'onResize'>): Screen;
  /** All of standard input. */
  readInput(): Promise<Uint8Array>;
  readFile(path: string): Promise<Uint8Array>;
  /** Writes a file whole; one that is there already is replaced. */
  writeFile(path: string, text: string): Promise<void>;
  /** Asks for a line that the terminal does not show; undefined where standard input is no terminal. */
  readHidden(question: string): Promise<string | undefined>;
  /**
   * Opens the service, tells the user when the work takes longer than a second (where it has a name), and closes the service again. What `work` passes on
   * as call options ends its calls when the user interrupts.
   */
  withService<T>(
    options: GlobalOptions,
    doing: string | undefined,
    work: (service: ConnectorService, call: CallOptions) => Promise<T>,
  ): Promise<T>;
  /** Asks the service that runs, for as long as given; undefined where none answers. Nothing runs in this process. */
  askRunning<T>(
    options: GlobalOptions,
    withinMs: number,
    work: (service: ConnectorService, call: CallOptions) => Promise<T>,
  ): Promise<T | undefined>;
  /** Whether a host runs on the data directory of these options; undefined where they, or the environment, name a service elsewhere. */
  findHost(options: GlobalOptions): Promise<FoundHost | undefined>;
  /** Starts a host and serves until the user ends it. */
  serve(options: GlobalOptions & StartOptions): Promise<void>;
  /** Writes a first configuration for what is installed; answers the file's path. Throws where there is one already. */
  writeDefaultConfig(options: GlobalOptions): Promise<{ readonly file: string; readonly left: readonly string[] }>;
  /** The schema of the configuration file, with the settings of the kinds that are installed, and why those of others are not in it. */
  writeSchema(
    options: GlobalOptions,
  ): Promise<{ readonly text: string; readonly kinds: readonly string[]; readonly left: readonly string[] }>;
  /** Reads a registration; problems have line and column, and `source` as their file. */
  parseRegistration(
    text: string,
    source: string,
  ):
    | { readonly ok: true; readonly input: ConnectorConfigInput }
    | { readonly ok: false; readonly id?: unknown; readonly problems: readonly Problem[] };
  /** Reads a profile; problems as above. */
  parseProfile(
    name: string,
    text: string,
    source: string,
  ):
    | { readonly ok: true; readonly profile: Omit<SetProfileRequest, 'name'> }
    | { readonly ok: false; readonly problems: readonly Problem[] };
  /** Rotates the master key of the data directory, whether a host runs on it or not. `file`: where the key in use is. */
  rotateKeys(options: GlobalOptions): Promise<KeyRotation>;
  /** Opens a sealed copy of the database, and writes what is in it to a new file for the user alone. */
  openCopy(options: GlobalOptions & { readonly from: string; readonly to: string }): Promise<void>;
  /** Copies what hosts keep from one place to another. Throws CliExit where it is refused, or would be seen by others. */
  moveStore(options: GlobalOptions & StoreMoveOptions): Promise<MovedStore>;
  diagnose(options: GlobalOptions): Promise<readonly Finding[]>;
  /** Verifies an audit without a host, with the keys of this project. */
  verifyAuditFile(
    options: GlobalOptions,
    what: { readonly file: string; readonly expected: AuditExpectation | undefined },
  ): Promise<AuditVerdict>;
  /** Changes the packages of the project; `tell` hears what the user reads before the question. Throws CliExit where nothing was changed. */
  changePlugins(options: GlobalOptions, request: PluginRequest, tell: (text: string) => void): Promise<PluginOutcome>;
  /** Finds the package that makes trouble, by trying hosts; `tell` hears of each. */
  bisect(options: GlobalOptions, connector: string | undefined, tell: (text: string) => void): Promise<BisectReport>;
  /** In what the installed packages differ from `connectors.lock`. */
  diffPlugins(options: GlobalOptions): Promise<PluginDiff>;
  /** Signs installed packages in `connectors.lock`, and tarballs themselves. */
  signPlugins(
    options: GlobalOptions,
    what: { readonly specs: readonly string[]; readonly keyFile: string },
  ): Promise<SignedPlugins>;
  verifyPlugins(options: GlobalOptions, names: readonly string[]): Promise<readonly VerifiedPlugin[]>;
  /** Runs the package of a connector that its author is at work on, until the input ends. */
  runDev(options: GlobalOptions, directory: string): Promise<void>;
  /** Serves an agent over standard input and output until it leaves. */
  runAgent(options: GlobalOptions & AgentOptions): Promise<void>;
  /** Does every fault at every level and tells what came of it, as a table or as JSON. Throws CliExit for what there is not. */
  runIsolation(options: IsolationOptions & { readonly json: boolean }): Promise<string>;
  /** Finds the smallest permissions of a package's kinds by what they do. Throws CliExit where that cannot be told. */
  learnPermissions(options: GlobalOptions & LearnOptions): Promise<string>;
  /** Makes every check on a connector package; `full` says whether it scored full marks. */
  runConformance(
    options: GlobalOptions & ConformanceCliOptions & { readonly target: string },
  ): Promise<{ readonly text: string; readonly full: boolean }>;
}

/** Ends the command with an exit code, once its message has been printed. */
export class CliExit extends Error {
  readonly exitCode: number;
  /** The service's own error for the same failure, which `--json` prints. */
  readonly error: ConnectorError | undefined;

  constructor(exitCode: number, message: string, error?: ConnectorError) {
    super(message);
    this.name = 'CliExit';
    this.exitCode = exitCode;
    this.error = error;
  }
}

/** Exit codes; the two large ones are those of BSD's sysexits. */
export const EXIT = { ok: 0, failed: 1, usage: 2, changes: 3, unavailable: 69, badConfig: 78 } as const;
