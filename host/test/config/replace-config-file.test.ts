import { chownSync, statSync } from 'node:fs';
import { chmod, lstat, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { replaceConfigFile } from '../../src/config/replace-config-file.ts';
import { createProject } from './project.ts';

const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o777;

describe('the replacement of the configuration file', () => {
  it('goes through links, which go on to lead to it, and keeps who may read it', async () => {
    await using project = await createProject({ 'releases/1/connectors.yaml': 'old', 'connectors.before': 'older' });
    const [file, before] = [join(project.directory, 'connectors.yaml'), join(project.directory, 'connectors.before')];
    const real = join(project.directory, 'releases/1/connectors.yaml');
    await symlink(join('releases', '1', 'connectors.yaml'), file);
    // More than any umask leaves.
    await chmod(real, 0o666);
    await replaceConfigFile(file, 'new', before);
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    expect([await readFile(real, 'utf8'), await modeOf(real)]).toEqual(['new', 0o666]);
    expect([await readFile(before, 'utf8'), await modeOf(before)]).toEqual(['old', 0o600]);
    expect(await readdir(join(project.directory, 'releases/1'))).toEqual(['connectors.yaml']);
  });

  it('makes it where there is none yet, for this user alone, and has nothing to keep of before', async () => {
    await using project = await createProject({});
    const [file, before] = [join(project.directory, 'config', 'connectors.yaml'), join(project.directory, 'before')];
    await replaceConfigFile(file, 'new', before);
    expect([await readFile(file, 'utf8'), await modeOf(file)]).toEqual(['new', 0o600]);
    await expect(stat(before)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('that fails leaves all as it was, and no draft', async () => {
    await using project = await createProject({ 'connectors.yaml': 'old', 'before/in-the-way': '' });
    const [file, before] = [join(project.directory, 'connectors.yaml'), join(project.directory, 'before')];
    await expect(replaceConfigFile(file, 'new', before)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: false,
      details: { reason: 'storage_read_only', file: before },
    });
    expect(await readFile(file, 'utf8')).toBe('old');
    expect((await readdir(project.directory)).toSorted()).toEqual(['before', 'connectors.yaml']);
  });

  it('holds one text whole, however many write it at once, and nothing is left beside it', async () => {
    await using project = await createProject({ 'config/connectors.yaml': 'old', 'data/other': '' });
    const file = join(project.directory, 'config/connectors.yaml');
    const before = join(project.directory, 'data/before.yaml');
    const texts = Array.from({ length: 8 }, (_, index) => String(index).repeat(300_000));
    await Promise.all(texts.map((text) => replaceConfigFile(file, text, before)));
    expect(texts.includes(await readFile(file, 'utf8'))).toBe(true);
    expect(['old', ...texts].includes(await readFile(before, 'utf8'))).toBe(true);
    expect(await readdir(join(project.directory, 'config'))).toStrictEqual(['connectors.yaml']);
    expect((await readdir(join(project.directory, 'data'))).toSorted()).toStrictEqual(['before.yaml', 'other']);
  });

  it('stays whose it was, and as open as it was', async () => {
    await using project = await createProject({});
    const file = join(project.directory, 'connectors.yaml');
    await writeFile(file, 'old', { mode: 0o640 });
    // Only the root user gives files away.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(file, 1234, 2345);
    const { uid, gid, mode } = statSync(file);
    await replaceConfigFile(file, 'new', join(project.directory, 'before.yaml'));
    expect(statSync(file)).toMatchObject({ uid, gid, mode });
    expect(await readFile(file, 'utf8')).toBe('new');
  });
});
