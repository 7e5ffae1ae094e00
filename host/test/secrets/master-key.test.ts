import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect, promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openMasterKeys } from '../../src/secrets/master-key.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const exec = promisify(execFile);
const newKey = (): string => randomBytes(32).toString('base64');

let dataDir: string;
const made: string[] = [];
const own = (): string => join(dataDir, 'keys', 'master.key');
const open = (keyFile?: string) => openMasterKeys({ dataDir, keyFile, onMade: (warning) => made.push(warning) });

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'automate-keys-'));
  made.length = 0;
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

describe('without MASTER_KEY_FILE', () => {
  it('a key is made when it is first needed, for its owner alone, and stays the same', async () => {
    const keys = open();
    expect(keys.all()).toEqual([]);
    expect(await readdir(dataDir)).toEqual([]);
    const { id } = keys.current();
    expect(id).toMatch(/^[\da-f]{12}$/);
    expect(open().current().id).toBe(id);
    expect((await stat(own())).mode & 0o777).toBe(0o600);
    expect((await stat(join(dataDir, 'keys'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(dataDir, 'keys'))).toEqual(['master.key']);
    expect(made).toEqual([expect.stringMatching(/keys\/master\.key, lies beside the data .*MASTER_KEY_FILE$/)]);
    expect(made.join()).not.toContain((await readFile(own(), 'utf8')).trim());
  });

  it('processes that need the first one at the same moment have the same', async () => {
    const module = pathToFileURL(join(import.meta.dirname, '..', '..', 'dist', 'secrets', 'master-key.js')).href;
    const code = `
      import { workerData, parentPort } from 'node:worker_threads';
      const { openMasterKeys } = await import(workerData.module);
      parentPort.postMessage('loaded');
      parentPort.once('message', () => parentPort.postMessage(openMasterKeys(workerData).current().id));`;
    const threads = Array.from(
      { length: 8 },
      () =>
        new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData: { module, dataDir } }),
    );
    const next = (thread: Worker): Promise<unknown> => new Promise((done) => thread.once('message', done));
    await Promise.all(threads.map(next));
    const ids = Promise.all(threads.map(next));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    for (const thread of threads) thread.postMessage('now');
    expect(new Set(await ids).size).toBe(1);
    await Promise.all(threads.map((thread) => thread.terminate()));
  });

  it('a new one is put in use and the others are kept', () => {
    const keys = open();
    const first = keys.current().id;
    const second = keys.renew().id;
    expect(second).not.toBe(first);
    expect(keys.all().map(({ id }) => id)).toEqual([second, first]);
    expect(keys.current().id).toBe(second);
  });
});

describe('MASTER_KEY_FILE', () => {
  const write = async (content: string | Uint8Array, mode = 0o600): Promise<string> => {
    const file = join(dataDir, 'given.key');
    await writeFile(file, content, { mode });
    await chmod(file, mode);
    return file;
  };

  it('holds keys one to a line, the one in use first, and none is made', async () => {
    const [one, two] = [newKey(), newKey()];
    const keys = open(await write(`${one}\n${two}\n`));
    const ids = keys.all().map(({ id }) => id);
    expect(ids).toHaveLength(2);
    expect(keys.current().id).toBe(ids[0]);
    const swapped = open(await write(`${two}\r\n\n  ${one}`));
    expect(swapped.all().map(({ id }) => id)).toEqual(ids.toReversed());
    expect(await readdir(dataDir)).toEqual(['given.key']);
    expect(() => keys.renew()).toThrow(/put a new key above the others/);
  });

  it('may be a link, as mounted secrets are', async () => {
    const link = join(dataDir, 'link');
    await symlink(await write(newKey()), link);
    expect(open(link).all()).toHaveLength(1);
  });

  it('leaves those readable that the host had made before', async () => {
    const before = open().current().id;
    const keys = open(await write(newKey()));
    expect(keys.all().map(({ id }) => id)).toEqual([keys.current().id, before]);
    expect(keys.current().id).not.toBe(before);
  });

  it.each([
    ['a mode that lets others read', newKey(), 0o640, /has the mode 0640, which is wider than 0600: chmod 600 it$/],
    ['a mode that lets others execute', newKey(), 0o700, /has the mode 0700/],
    ['nothing in it', '', 0o600, /expected keys of 32 bytes in base64.*received nothing$/],
    ['a key that is too short', randomBytes(31).toString('base64'), 0o600, /another text in line 1$/],
    ['a key that is too long', randomBytes(33).toString('base64'), 0o600, /another text in line 1$/],
    ['a second line that is no key', `${newKey()}\npassword-canary`, 0o600, /another text in line 2$/],
    ['a key as bare bytes', randomBytes(32), 0o600, /expected keys of 32 bytes in base64/],
    ['more than keys are long', `${newKey()}\n`.repeat(1000), 0o600, /is larger than 16384 bytes$/],
  ])('is refused with %s, and nothing of it is said', async (_what, content, mode, message) => {
    const file = await write(content, mode);
    const error = thrownBy(() => open(file).all());
    expect(error.message).toMatch(message);
    expect(error.message).toContain(file);
    for (const line of String(content)
      .split('\n')
      .filter((text) => text.length > 8))
      expect(inspect(error)).not.toContain(line);
  });

  it('is refused where it is not there, with the command that makes it, or no file', async () => {
    expect(thrownBy(() => open(join(dataDir, 'none')).all()).message).toMatch(
      /does not exist: .*openssl rand -base64 32/,
    );
    const pipe = join(dataDir, 'pipe');
    await exec('mkfifo', ['-m', '600', pipe]);
    expect(thrownBy(() => open(pipe).all()).message).toMatch(/is not a regular file$/);
    await mkdir(join(dataDir, 'directory'));
    expect(thrownBy(() => open(join(dataDir, 'directory')).all()).message).toMatch(/is not a regular file$/);
  });

  it('with a wide mode keeps the host from starting', async () => {
    const prepare = async ({ root }: { readonly root: string }): Promise<void> => {
      await writeFile(join(root, 'master.key'), newKey());
      await chmod(join(root, 'master.key'), 0o644);
    };
    await expect(
      SandboxHost.open({ kinds: [], env: { MASTER_KEY_FILE: 'master.key' }, prepare }),
    ).rejects.toMatchObject({
      name: 'HostConfigError',
      message: expect.stringMatching(/^MASTER_KEY_FILE: .*master\.key has the mode 0644/),
    });
  });
});

describe('a key', () => {
  it('shows nothing of itself, and derives the same for the same use alone', async () => {
    const [key] = [open().current()];
    const bytes = Buffer.from((await readFile(own(), 'utf8')).trim(), 'base64');
    const derived = key.derive('audit');
    expect(derived).toHaveLength(32);
    expect(open().current().derive('audit').equals(derived)).toBe(true);
    expect(key.derive('secrets').equals(derived)).toBe(false);
    const shown = inspect(key, { showHidden: true, depth: 9 }) + JSON.stringify(key);
    for (const form of ['base64', 'hex', 'latin1'] as const) expect(shown).not.toContain(bytes.toString(form));
  });
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
