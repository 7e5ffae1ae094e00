import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { watchConfig } from '../../src/config/watch-config.ts';
import type { ConfigWatch } from '../../src/config/watch-config.ts';
import { createProject } from './project.ts';

interface Watched extends AsyncDisposable {
  readonly watch: ConfigWatch;
  /** Resolves when there were so many changes. */
  changes(count: number): Promise<void>;
  count(): number;
}

async function watching(file: string, onChange?: () => Promise<void>): Promise<Watched> {
  let count = 0;
  const watch = await watchConfig({
    file,
    quietMs: 30,
    onChange: async () => {
      count += 1;
      await onChange?.();
    },
  });
  const changes = async (wanted: number): Promise<void> => {
    const end = Date.now() + 10_000;
    while (count < wanted && Date.now() < end) await sleep(10);
    expect(count).toBe(wanted);
  };
  return { watch, changes, count: () => count, [Symbol.asyncDispose]: () => watch.close() };
}

describe('watching the configuration', () => {
  it('notices that the file was written', async () => {
    await using project = await createProject({ 'connectors.yaml': 'a' });
    const file = join(project.directory, 'connectors.yaml');
    await using watched = await watching(file);
    await writeFile(file, 'bb');
    await watched.changes(1);
    await writeFile(file, 'cc');
    await watched.changes(2);
  });

  it('notices that an editor put a new file in its place, again and again', async () => {
    await using project = await createProject({ 'connectors.yaml': 'a' });
    const file = join(project.directory, 'connectors.yaml');
    await using watched = await watching(file);
    for (const round of [1, 2, 3]) {
      await writeFile(`${file}.tmp`, `round ${round}`);
      await rename(`${file}.tmp`, file);
      await watched.changes(round);
    }
  });

  it('notices that the file went and came back', async () => {
    await using project = await createProject({ 'connectors.yaml': 'a' });
    const file = join(project.directory, 'connectors.yaml');
    await using watched = await watching(file);
    await rm(file);
    await watched.changes(1);
    await writeFile(file, 'b');
    await watched.changes(2);
  });

  it('notices that the directory behind a mounted map was swapped', async () => {
    await using project = await createProject({ 'one/connectors.yaml': 'a', 'two/connectors.yaml': 'bb' });
    const mount = join(project.directory, 'mount');
    await mkdir(mount);
    await symlink('../one', join(mount, '..data'));
    await symlink('..data/connectors.yaml', join(mount, 'connectors.yaml'));
    await using watched = await watching(join(mount, 'connectors.yaml'));
    await symlink('../two', join(mount, '..data_tmp'));
    await rename(join(mount, '..data_tmp'), join(mount, '..data'));
    await watched.changes(1);
  });

  it('takes many writes in a row for one change', async () => {
    await using project = await createProject({ 'connectors.yaml': 'a' });
    const file = join(project.directory, 'connectors.yaml');
    const written: string[] = [];
    await using watched = await watching(file);
    for (let index = 0; index < 50; index += 1) written.push(`${index}`);
    for (const text of written) await writeFile(file, text);
    await watched.changes(watched.count() === 0 ? 1 : watched.count());
    expect(watched.count()).toBeLessThan(10);
  });

  it('does not take other files for it', async () => {
    await using project = await createProject({ 'connectors.yaml': 'a' });
    await using watched = await watching(join(project.directory, 'connectors.yaml'));
    await project.write('other.yaml', 'b');
    await project.write('connectors.yaml.swp', 'b');
    await sleep(200);
    expect(watched.count()).toBe(0);
  });

  it('handles one change at a time, and goes on after one that failed', async () => {
    await using project = await createProject({ 'connectors.yaml': 'a' });
    const file = join(project.directory, 'connectors.yaml');
    const errors: unknown[] = [];
    let running = 0;
    let most = 0;
    let calls = 0;
    await using watch = await watchConfig({
      file,
      quietMs: 10,
      onError: (error) => errors.push(error),
      onChange: async () => {
        running += 1;
        most = Math.max(most, running);
        await sleep(80);
        running -= 1;
        calls += 1;
        throw new Error(`call ${calls}`);
      },
    });
    expect(watch).toBeDefined();
    for (let round = 0; round < 4; round += 1) {
      await writeFile(file, `round ${round}`);
      await sleep(60);
    }
    const end = Date.now() + 10_000;
    while (errors.length < 2 && Date.now() < end) await sleep(10);
    expect(errors.length).toBeGreaterThanOrEqual(2);
    expect(most).toBe(1);
  });

  it('ends, and can be ended twice', async () => {
    await using project = await createProject({ 'connectors.yaml': 'a' });
    const file = join(project.directory, 'connectors.yaml');
    const watched = await watching(file);
    await watched.watch.close();
    await watched.watch.close();
    await writeFile(file, 'bb');
    await sleep(150);
    expect(watched.count()).toBe(0);
  });
});
