import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A throw-away project directory. */
export interface Project extends AsyncDisposable {
  readonly directory: string;
  /** Writes a file below it and gives its path. */
  write(path: string, content: string | Uint8Array): Promise<string>;
}

export async function createProject(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<Project> {
  const directory = await mkdtemp(join(tmpdir(), 'automate-config-'));
  const write = async (path: string, content: string | Uint8Array): Promise<string> => {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    return file;
  };
  for (const [path, content] of Object.entries(files)) await write(path, content);
  return { directory, write, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}
