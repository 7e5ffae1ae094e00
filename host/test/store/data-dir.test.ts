import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findRunningHost, hasLeftNote, lockDataDir, openDataDir } from '../../src/store/data-dir.ts';

const FIXTURE = join(import.meta.dirname, 'fixtures', 'lock-and-wait.mjs');

describe('the data directory', () => {
  let directory: string;
  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), 'automate-data-')), 'deep', 'data');
  });
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(join(directory, '..', '..'), { recursive: true, force: true });
  });

  it('is made with its parents, closed to others, and closed again if it was open', () => {
    openDataDir(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    chmodSync(directory, 0o755);
    openDataDir(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it('belongs to one host at a time, in this process too', () => {
    openDataDir(directory);
    const lock = lockDataDir(directory);
    expect(lock).toBeDefined();
    expect(lockDataDir(directory)).toBeUndefined();
    lock?.release();
    lock?.release();
    const next = lockDataDir(directory);
    expect(next).toBeDefined();
    next?.release();
  });

  it('says where its host listens for as long as that host lives, and no longer, even when it is killed', async () => {
    openDataDir(directory);
    expect(findRunningHost(directory)).toBeUndefined();
    const holder = spawn(process.execPath, [FIXTURE, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(holder);
    await once(holder.stdout, 'data');
    expect(findRunningHost(directory)).toEqual({ grpc: '127.0.0.1:1', http: 'http://127.0.0.1:2' });
    expect(lockDataDir(directory)).toBeUndefined();
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(findRunningHost(directory)).toBeUndefined();
    expect(hasLeftNote(directory)).toBe(true);
    const lock = lockDataDir(directory);
    expect(lock).toBeDefined();
    lock?.publish({ grpc: '127.0.0.1:3', http: 'http://127.0.0.1:4' });
    lock?.release();
    expect(hasLeftNote(directory)).toBe(false);
  });
});
