import type { Problem } from '@automate/contract';
import type { HostConfig } from './host-config.ts';

/** A configuration that was read, and from what. */
export interface ReadConfig {
  readonly config: HostConfig;
  /** Absent where there is none. */
  readonly file?: string;
  /** The file's text; empty where there is none. */
  readonly text: string;
  /** Gives problems, of which the path is known, their places in the text; absent where there is none. */
  readonly problemsWith?: ((found: readonly Problem[]) => readonly Problem[]) | undefined;
  /** What somebody should look at though it works. */
  readonly warnings?: readonly string[];
}

/**
 * Why a configuration that can be read is taken for a mistake, compared with the one in force. A file that is missing, empty or cut
 * short is more often an accident than the wish for no connectors, which the file can say with an empty list.
 */
export function explainMistake(inForce: ReadConfig, next: ReadConfig): Problem | undefined {
  const inFile = { file: next.file ?? inForce.file ?? '' };
  if (inForce.file !== undefined && next.file === undefined)
    return {
      path: '',
      expected: 'the file that was read before; to run no connector, say "connectors: []" in it',
      received: 'no such file',
      ...inFile,
    };
  if (inForce.config.connectors.length > 0 && !next.config.listsConnectors)
    return {
      path: 'connectors',
      expected: 'a list; to run no connector, say "connectors: []"',
      received: next.text.trim() === '' ? 'an empty file' : 'nothing',
      ...inFile,
    };
  if (isCut(inForce, next) && !/[\r\n]$/.test(next.text) && !/^[\r\n]/.test(inForce.text.slice(next.text.length)))
    return { path: '', expected: 'a whole file', received: 'the first part of the file, cut within a line', ...inFile };
  return undefined;
}

/** Whether the text is only the beginning of the one in force, as while somebody is writing the file again. */
export function isCut(inForce: ReadConfig, next: ReadConfig): boolean {
  return inForce.text.length > next.text.length && inForce.text.startsWith(next.text);
}
