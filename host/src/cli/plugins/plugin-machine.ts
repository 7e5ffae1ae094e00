import type { ConnectorService } from '@automate/contract';
import type { HostSettings } from '../../host-settings.ts';
import type { ProgramOptions } from './run-installer.ts';

/** What the commands that change packages may do to the world. */
export interface PluginMachine extends Omit<ProgramOptions, 'cwd'> {
  readonly projectDir: string;
  /** Where the user stands. */
  readonly cwd: string;
  readonly settings: HostSettings;
  readonly hostVersion: string;
  readonly pid: number;
  isAlive(pid: number): boolean;
  /** Opens the host that runs on the project's data directory; undefined where none does. */
  openRunning(): Promise<ConnectorService | undefined>;
  /** Does work of which the user is told where it takes long. */
  during<T>(doing: string, work: () => Promise<T>): Promise<T>;
  /** Says something before the end, for people. */
  tell(text: string): void;
  /** Asks a question that is answered with yes or no; undefined where nobody can be asked. */
  confirm(question: string): Promise<boolean | undefined>;
}
