import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { watchConfig } from '../../src/config/watch-config.ts';
import type { ConfigWatch } from '../../src/config/watch-config.ts';
import { createProject } from './project.ts';

interface Watched extends AsyncDisposable {
  readonly watch: ConfigWatch;
  /** Resolves when the file holds this after a change; `nothing` when it is gone. */
  sees(text: string): Promise<void>;
  /** Changes so far. */
  count(): number;
}

async function watching(file: string, quietMs = 30): Promise<Watched> {
  const seen: string[] = [];
  const watch = await watchConfig({
    file,
    quietMs,
    onChange: async () => void seen.push(await readFile(file, 'utf8').catch(() => 'nothing')),
  });
  const sees = async (text: string): Promise<void> => {
    while (seen.at(-1) !== text) await sleep(10);
  };
  return { watch, sees, count: () => seen.length, [Symbol.asyncDispose]: () => watch.close() };
}

describe('watching the configuration', () => {
  it('notices that the file was written', async () => {
    await using project = await createProject({ 'connectors.yaml': 'a' });
    const file = join(project.directory, 'connectors.yaml');
    await using watched = await watching(file);
    await writeFile(file, 'bb');
    await watched.sees('bb');
    await writeFile(file, 'cc');
    await watched.sees('cc');
  });

  it('notices that an editor put a new file in its place, again and again', async () => {
    await using project = await createProject({ 'connectors.yaml': 'a' });
    const file = join(project.directory, 'connectors.yaml');
    await using watched = await watching(file);
    for (const round of [1, 2, 3]) {
      await writeFile(`${file}.tmp`, `round ${round}`);
      await rename(`${file}.tmp`, file);
      await watched.sees(`round ${round}`);
    }
  });

  it('notices that the file went and came back', async () => {
    await using project = await createProject({ 'connectors.yaml': 'a' });
    const file = join(project.directory, 'connectors.yaml');
    await using watched = await watching(file);
    await rm(file);
    await watched.sees('nothing');
    await writeFile(file, 'b');
    await watched.sees('b');
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
    await watched.sees('bb');
  });

  it('notices what becomes of the file behind links, wherever they have led since', async () => {
    await using project = await createProject({
      'config/connectors.yaml': 'a',
      'releases/1/connectors.yaml': 'bb',
      'releases/2/connectors.yaml': 'ccc',
    });
    const file = join(project.directory, 'config', 'connectors.yaml');
    await using watched = await watching(file);
    const lead = async (link: string, target: string): Promise<void> => {
      await symlink(target, `${link}.new`);
      await rename(`${link}.new`, link);
    };
    // Twice two links, of which one is in a directory where nothing else is.
    await lead(join(project.directory, 'releases', 'current'), '1');
    await lead(file, join(project.directory, 'releases', 'current', 'connectors.yaml'));
    await watched.sees('bb');
    await project.write('releases/1/connectors.yaml', 'edited');
    await watched.sees('edited');
    await lead(join(project.directory, 'releases', 'current'), '2');
    await watched.sees('ccc');
    await project.write('releases/2/connectors.yaml', 'edited as well');
    await watched.sees('edited as well');
    await rm(file);
    await watched.sees('nothing');
    await project.write('config/connectors.yaml', 'a file again');
    await watched.sees('a file again');
  });

  it('notices what becomes of the file in a directory that has taken the place of the one before', async () => {
    await using project = await createProject({ 'config/connectors.yaml': 'a', 'new/connectors.yaml': 'bb' });
    const config = join(project.directory, 'config');
    await using watched = await watching(join(config, 'connectors.yaml'));
    await rename(config, join(project.directory, 'old'));
    await rename(join(project.directory, 'new'), config);
    await watched.sees('bb');
    await project.write('config/connectors.yaml', 'edited');
    await watched.sees('edited');
    await rm(config, { recursive: true });
    await mkdir(config);
    await project.write('config/connectors.yaml', 'made again');
    await watched.sees('made again');
    await project.write('config/connectors.yaml', 'edited again');
    await watched.sees('edited again');
  });

  it('takes many writes in a row for one change', async () => {
    await using project = await createProject({ 'connectors.yaml': 'a' });
    const file = join(project.directory, 'connectors.yaml');
    await using watched = await watching(file, 2000);
    for (let index = 0; index < 50; index += 1) await writeFile(file, `${index}`);
    await watched.sees('49');
    expect(watched.count()).toBe(1);
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
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    await using watch = await watchConfig({
      file,
      quietMs: 10,
      onError: (error) => errors.push(error),
      onChange: async () => {
        begun += 1;
        await gate.promise;
        throw new Error('not today');
      },
    });
    expect(watch).toBeDefined();
    await writeFile(file, 'one');
    while (begun === 0) await sleep(10);
    await writeFile(file, 'another');
    await sleep(100);
    expect(begun).toBe(1);
    gate.resolve();
    while (errors.length < 2) await sleep(10);
    expect(errors).toEqual(Array.from(errors, () => new Error('not today')));
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
