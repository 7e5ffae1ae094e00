import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@automate/sdk';
import type { SandboxHost } from '../fixtures/sandbox-host.ts';
import { attempt, openPrying } from './prying.ts';

const PLANTED = 'planted-4711';

let host: SandboxHost;
let given: JsonObject;
const other = spawn('sleep', ['600'], { stdio: 'ignore' });
const server = createServer((socket) => socket.end(PLANTED));

beforeAll(async () => {
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  host = await openPrying({
    env: { HOST_SECRET: PLANTED },
    prepare: async ({ root }) => writeFile(join(root, 'beside.txt'), PLANTED),
  });
  const { root } = host.sandbox;
  given = {
    root,
    config: join(root, 'config/connectors.yaml'),
    data: join(root, '.automate/connectors.db'),
    beside: join(root, 'beside.txt'),
    port: (server.address() as AddressInfo).port,
    hostPid: process.pid,
    otherPid: other.pid ?? 0,
  };
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  other.kill('SIGKILL');
  server.close();
});

describe('a restricted connector without grants', () => {
  it('runs, with its package and what that depends on', async () => {
    expect(await attempt(host, 'restricted', 'return 1 + 1')).toEqual({ got: 2 });
    expect(await attempt(host, 'restricted', `return typeof require('@automate/sdk').ConnectorAdapter`)).toEqual({
      got: 'function',
    });
  });

  it('sees no variable of the host', async () => {
    expect(await attempt(host, 'restricted', 'return process.env')).toEqual({ got: {} });
  });

  it.each([
    ['the host’s environment', `return require('fs').readFileSync('/proc/' + given.hostPid + '/environ', 'utf8')`],
    ['its own environment', `return require('fs').readFileSync('/proc/self/environ', 'utf8')`],
    ['its memory', `return require('fs').openSync('/proc/self/mem')`],
    ['the configuration', `return require('fs').readFileSync(given.config, 'utf8')`],
    ['the data directory', `return require('fs').readdirSync(given.data + '/..')`],
    ['the store', `return require('fs').readFileSync(given.data).length`],
    ['a file of the project', `return require('fs').readFileSync(given.beside, 'utf8')`],
    [
      'the names of files',
      `return require('fs').existsSync(given.beside) ? 'there' : require('fs').statSync(given.beside).size`,
    ],
    ['a file that is opened as a blob', `return (await require('fs').openAsBlob(given.beside)).text()`],
    ['a module beside it', `return Object.keys(await import(given.root + '/beside.txt'))`],
    ['a file by reading variables from it', `process.loadEnvFile(given.beside); return process.env`],
    ['news of a directory', `return require('fs').watch(given.root).close()`],
    ['a new file', `return require('fs').writeFileSync(given.root + '/new.txt', 'x')`],
    [
      'a new file of its own',
      `return require('fs').writeFileSync(new URL('./new.txt', 'file://' + require.resolve('@automate/sdk')), 'x')`,
    ],
    ['a report as a file', `return process.report.writeReport(given.root + '/report.json')`],
    ['a snapshot of its heap as a file', `return require('v8').writeHeapSnapshot(given.root + '/x.heapsnapshot')`],
    [
      'a link to where it may not read',
      `return require('fs').symlinkSync(given.beside, require.resolve('@automate/sdk') + '.link')`,
    ],
    ['a program', `return require('child_process').execFileSync('/bin/true')`],
    ['another Node.js in its place', `return process.execve('/bin/true', ['true'])`],
    ['a thread', `return new (require('worker_threads').Worker)('1', { eval: true }).threadId`],
    ['an inspector', `require('inspector').open(0); return require('inspector').url()`],
    [
      'a session of the inspector',
      `const { Session } = require('inspector'); const s = new Session(); s.connectToMainThread(); return 1`,
    ],
    ['internals', `return Object.keys(process.binding('fs'))`],
    [
      'WebAssembly with a system',
      `return typeof new (require('wasi').WASI)({ version: 'preview1', preopens: { '/': '/' } })`,
    ],
    ['the end of another process', `return process.kill(given.otherPid, 'SIGKILL')`],
    ['to know of another process', `return process.kill(given.otherPid, 0)`],
    ['a debugger in the host', `return process._debugProcess(given.hostPid)`],
    ['another user', `return process.setuid(1)`],
    ['another mask for new files', `return process.umask(0)`],
    ['another rank for the host', `return require('os').setPriority(given.hostPid, 19)`],
    [
      'another rank for the host, by import',
      `const { setPriority } = await import('node:os'); return setPriority(given.hostPid, 19)`,
    ],
  ])('is refused %s', async (_what, code) => {
    expect(await attempt(host, 'restricted', code, given)).toEqual({
      refused: expect.stringMatching(/^ERR_(ACCESS_DENIED|INSPECTOR_NOT_WORKER)$|closed to connectors/),
    });
  });

  it('is ended when it signals the host', async () => {
    await expect(attempt(host, 'restricted', `process.kill(given.hostPid, 'SIGTERM')`, given)).rejects.toMatchObject({
      code: 'WORKER_LOST',
      details: { reason: 'process_kill' },
    });
  });

  it.each([
    [
      'SQLite',
      `const { DatabaseSync } = require('node:sqlite'); return new DatabaseSync(':memory:').exec("ATTACH '" + given.data + "' AS it")`,
    ],
    [
      'SQLite by another way',
      `return Object.keys(process.getBuiltinModule('node:sqlite') ?? { }).length || Promise.reject(new Error('ERR_UNKNOWN_BUILTIN_MODULE'))`,
    ],
    ['an addon', `return process.dlopen({ exports: {} }, '/lib/x86_64-linux-gnu/libc.so.6')`],
    ['foreign functions', `return typeof require('node:ffi').dlopen('libc.so.6', {})`],
  ])('has no %s', async (_what, code) => {
    expect(await attempt(host, 'restricted', code, given)).toEqual({
      refused: expect.stringMatching(
        /^ERR_(ACCESS_DENIED|UNKNOWN_BUILTIN_MODULE|DLOPEN_DISABLED|DLOPEN_FAILED)$|Cannot find module|MODULE_NOT_FOUND/,
      ),
    });
  });

  it.each([
    [
      'a connection',
      `return await new Promise((done, fail) => require('net').connect(given.port, '127.0.0.1').on('data', (data) => done(String(data))).on('error', fail))`,
    ],
    ['a request', `return (await fetch('http://127.0.0.1:' + given.port)).status`],
  ])('is refused %s', async (_what, code) => {
    expect(await attempt(host, 'restricted', code, given)).toEqual({
      refused: expect.stringMatching(/^(ERR_ACCESS_DENIED|EACCES)$/),
    });
  });
});

describe('what a restricted package calls its dependencies', () => {
  it('opens no more than packages, whatever it is', async () => {
    const names = [
      '..',
      '../..',
      '.',
      '.cache',
      '@other',
      'victim/..',
      'victim/lib',
      '../../outside',
      '../node_modules/victim',
    ];
    await using project = await openPrying({
      packageJson: { dependencies: Object.fromEntries(names.map((name) => [name, '*'])) },
      prepare: async (sandbox) => {
        await sandbox.addPackage({ name: 'victim', files: { 'lib/secret.txt': PLANTED } });
        await sandbox.addPackage({ name: '@other/pkg', files: { 'secret.txt': PLANTED } });
        for (const path of ['node_modules/.cache/secret.txt', 'outside/secret.txt', 'secret.txt'])
          await sandbox.writeFile(path, PLANTED);
      },
    });
    const { root } = project.sandbox;
    const files = [
      'secret.txt',
      'outside/secret.txt',
      ...['victim/lib', '@other/pkg', '.cache'].map((path) => `node_modules/${path}/secret.txt`),
    ];
    for (const file of files) {
      const read = `return require('fs').readFileSync(given.path, 'utf8')`;
      expect([file, await attempt(project, 'restricted', read, { path: join(root, file) })]).toEqual([
        file,
        { refused: 'ERR_ACCESS_DENIED' },
      ]);
    }
  });
});
