import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A throw-away directory of secrets. */
export interface SecretsDirectory extends AsyncDisposable {
  readonly path: string;
  /** Writes `NAMESPACE/NAME`, mode 0600 unless said otherwise, and gives its path. */
  put(name: string, content: string | Uint8Array, mode?: number): Promise<string>;
}

export async function createSecretsDirectory(): Promise<SecretsDirectory> {
  const parent = await mkdtemp(join(tmpdir(), 'automate-secrets-'));
  const path = join(parent, 'secrets');
  await mkdir(path);
  return {
    path,
    put: async (name, content, mode = 0o600) => {
      const file = join(path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content, { mode });
      return file;
    },
    [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }),
  };
}
