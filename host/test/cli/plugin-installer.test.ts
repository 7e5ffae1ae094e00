import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { runInstaller } from '../../src/cli/plugins/run-installer.ts';

it('the password of a registry is not repeated with what a package manager says of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'automate-installer-'));
  try {
    const program = join(folder, 'pnpm');
    await writeFile(
      program,
      '#!/bin/sh\necho "request http://joe:hunter2@registry.example/@acme%2Fx: 401" >&2\nexit 1\n',
    );
    await chmod(program, 0o755);
    const signal = new AbortController().signal;
    const running = runInstaller({ name: 'pnpm', args: () => [] }, ['add', '@acme/x'], {
      cwd: folder,
      env: { PATH: folder },
      signal,
    });
    await expect(running).rejects.toThrow(
      'pnpm add @acme/x: exit code 1\nrequest http://[secret]@registry.example/@acme%2Fx: 401',
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
