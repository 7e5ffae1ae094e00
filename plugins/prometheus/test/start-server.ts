import type { Program, ProgramOptions } from '@automate/tooling/start-program';
import { startProgram } from '@automate/tooling/start-program';

export interface RunningServer extends Pick<Program, 'stop' | 'restart' | 'close'> {
  readonly url: string;
}

/** A program that serves HTTP, below a path if one is given. */
export async function startServer(options: ProgramOptions, path = ''): Promise<RunningServer> {
  const { port, stop, restart, close } = await startProgram(options);
  return { url: `http://127.0.0.1:${port}${path}`, stop, restart, close };
}
