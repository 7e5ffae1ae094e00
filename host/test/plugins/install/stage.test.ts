import type { SpawnSyncReturns } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openStage, repairStage, StageTakenError } from '../../../src/plugins/install/stage.ts';
import { repositoryPath } from '../../cli/fixtures/cli-project.ts';
import { fingerprintOf } from '../../e2e/fixtures/install-project.ts';

/** Installs something into a copy, and is killed at its nth change of a name. */
const INSTALLATION = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const [projectDir, leadsOut, nth, fault] = process.argv.slice(1);
let renames = 0;
const { renameSync } = fs;
fs.renameSync = (...given) => {
  if (++renames === Number(nth)) {
    if (fault === 'none') process.kill(process.pid, 'SIGKILL');
    throw new Error(fault);
  }
  renameSync(...given);
};
syncBuiltinESMExports();
const { openStage } = await import(${JSON.stringify(pathToFileURL(repositoryPath('host/dist/plugins/install/stage.js')).href)});
const stage = openStage({ projectDir, pid: process.pid, isAlive: () => false, leadsOut: leadsOut === 'true' });
fs.writeFileSync(stage.directory + '/package.json', '{"dependencies":{"a":"2"}}');
fs.writeFileSync(stage.directory + '/package-lock.json', 'new');
fs.rmSync(stage.directory + '/node_modules/a', { recursive: true });
fs.mkdirSync(stage.directory + '/node_modules/b');
fs.writeFileSync(stage.directory + '/node_modules/b/index.js', 'b');
fs.writeFileSync(stage.directory + '/node_modules/.package-lock.json', 'new');
try {
  stage.commit();
} finally {
  stage.discard();
}
`;

let place: string;
let root: string;

beforeEach(async () => {
  place = await realpath(await mkdtemp(join(tmpdir(), 'automate-stage-')));
  root = join(place, 'project');
  makeProject();
});
afterEach(() => rm(place, { recursive: true, force: true }));

function makeProject(): void {
  for (const directory of ['node_modules/a/deep', 'node_modules/.bin', 'vendor'])
    mkdirSync(join(root, directory), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"dependencies":{"a":"1"}}');
  writeFileSync(join(root, 'node_modules/a/deep/index.js'), 'a');
  writeFileSync(join(root, 'node_modules/.package-lock.json'), 'old');
  writeFileSync(join(root, 'vendor/x.txt'), 'x');
  symlinkSync('../a/deep/index.js', join(root, 'node_modules/.bin/a'));
}

function installWith(nth: number, leadsOut: boolean, fault: string): SpawnSyncReturns<string> {
  const args = ['--input-type=module', '--eval', INSTALLATION, root, String(leadsOut), String(nth), fault];
  return spawnSync(process.execPath, args, { encoding: 'utf8' });
}

function installKilledAt(nth: number, leadsOut: boolean): string | null {
  const { signal, status, stderr } = installWith(nth, leadsOut, 'none');
  if (signal === null && status !== 0) throw new Error(stderr);
  return signal;
}

describe.each([false, true])('a command that is killed while it installs (beside the project: %s)', (leadsOut) => {
  it('leaves the old or the new, and what it left between is finished by the next', async () => {
    const old = fingerprintOf(root);
    const seen: string[] = [];
    let killed: string | null;
    let nth = 0;
    do {
      await rm(root, { recursive: true });
      makeProject();
      killed = installKilledAt(++nth, leadsOut);
      const repaired = repairStage(root, () => false);
      if (killed === null) expect(repaired).toBeUndefined();
      seen.push(fingerprintOf(root));
    } while (killed !== null);
    const whole = seen.at(-1);
    expect(existsSync(join(root, 'node_modules/b/index.js'))).toBe(true);
    expect(whole).not.toBe(old);
    // The first name to change is that of the journal, from which on there is no return.
    expect(seen.map((each) => (each === old ? 'old' : each === whole ? 'new' : 'mixture'))).toEqual([
      'old',
      ...Array.from({ length: nth - 1 }, () => 'new'),
    ]);
    expect(nth).toBeGreaterThan(5);
  });
});

describe('a copy of a project', () => {
  it('of which a part cannot be put in place, as where node_modules is a mount, has changed nothing', async () => {
    const old = fingerprintOf(root);
    let failed: SpawnSyncReturns<string>;
    let nth = 0;
    do {
      await rm(root, { recursive: true });
      makeProject();
      failed = installWith(++nth, false, 'EBUSY: resource busy');
      if (failed.status === 0) break;
      expect([nth, failed.stderr]).toEqual([nth, expect.stringContaining('EBUSY: resource busy')]);
      expect([nth, fingerprintOf(root)]).toEqual([nth, old]);
    } while (nth < 20);
    expect(failed.status).toBe(0);
    expect(nth).toBeGreaterThan(5);
  });

  it('that is dropped has changed nothing, also where notes of the package manager were written into', () => {
    const old = fingerprintOf(root);
    const stage = openStage({ projectDir: root, pid: process.pid, isAlive: () => false, leadsOut: false });
    expect(readFileSync(join(stage.directory, 'vendor/x.txt'), 'utf8')).toBe('x');
    writeFileSync(join(stage.directory, 'node_modules/.package-lock.json'), 'written in place');
    writeFileSync(join(stage.directory, 'package.json'), '{}');
    stage.discard();
    expect(fingerprintOf(root)).toBe(old);
  });

  it('does not take the place of a project that was changed meanwhile', () => {
    const stage = openStage({ projectDir: root, pid: process.pid, isAlive: () => false, leadsOut: false });
    writeFileSync(join(root, 'package.json'), '{"by":"somebody else"}');
    expect(() => stage.commit()).toThrow(/package\.json was changed while the packages were installed/);
    stage.discard();
    expect(readFileSync(join(root, 'package.json'), 'utf8')).toBe('{"by":"somebody else"}');
  });

  it('is made by one at a time, and left to whoever lives', () => {
    const stage = openStage({ projectDir: root, pid: process.pid, isAlive: () => false, leadsOut: false });
    expect(() => openStage({ projectDir: root, pid: 1, isAlive: () => true, leadsOut: true })).toThrow(StageTakenError);
    expect(repairStage(root, () => true)).toBeUndefined();
    expect(existsSync(stage.directory)).toBe(true);
    expect(repairStage(root, () => false)).toBe('dropped');
    expect(existsSync(stage.directory)).toBe(false);
  });

  it('keeps the files of packages that stay the very files that they were', () => {
    const stage = openStage({ projectDir: root, pid: process.pid, isAlive: () => false, leadsOut: false });
    writeFileSync(join(root, 'node_modules/a/deep/index.js'), 'written to the one');
    expect(readFileSync(join(stage.directory, 'node_modules/a/deep/index.js'), 'utf8')).toBe('written to the one');
    stage.discard();
  });
});
