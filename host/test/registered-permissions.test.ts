import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SandboxHost } from './fixtures/sandbox-host.ts';

const adapter = { entry: join(import.meta.dirname, 'fixtures', 'connectors', 'writer.js') };

describe('a kind that the embedding program registers', () => {
  it('has at restricted what the program grants it, and no more', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'granted-'));
    const permissions = { env: ['WRITER_NAME'], fs: { write: [join(folder, 'open')] } };
    const env = { WRITER_NAME: 'a name' };
    const open = join(folder, 'open', 'a');
    const closed = join(folder, 'b');
    const host = async (more: object) => {
      const it = await SandboxHost.open({ kinds: [], env, register: [{ kind: 'writer', adapter, ...more }] });
      await it.service.register({ id: 'one', kind: 'writer', isolation: 'restricted' });
      return it;
    };
    const write = (it: SandboxHost, file: string) =>
      it.service.execute({ id: 'one', action: 'write', payload: { file } });
    try {
      await mkdir(join(folder, 'open'));
      await using bare = await host({});
      await expect(write(bare, open)).rejects.toThrow(/restricted|permission/i);
      await using granted = await host({ permissions });
      await expect(write(granted, closed)).rejects.toThrow(/restricted|permission/i);
      expect([existsSync(open), existsSync(closed)]).toEqual([false, false]);
      await expect(write(granted, open)).resolves.toMatchObject({ result: 'a name' });
      await expect(readFile(open, 'utf8')).resolves.toBe('written');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is refused with every permission that is none', async () => {
    const permissions = { network: ['no port:x'], disks: true } as never;
    await expect(SandboxHost.open({ register: [{ kind: 'writer', adapter, permissions }] })).rejects.toThrow(
      /permissions: .*disks.*permissions\.network\[0\]/s,
    );
  });
});
