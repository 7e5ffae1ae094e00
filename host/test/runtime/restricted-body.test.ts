import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Walls } from '../../dist/runtime/bodies/walls.js';
import { findWalls } from '../../dist/runtime/bodies/walls.js';
import { NO_REACH } from '../../dist/runtime/runtime.js';
import type { Bench } from './support.ts';
import { errorOf, execute, openBench, run, valueOf } from './support.ts';

function openRestricted(walls: Partial<Walls>): Promise<Bench> {
  return openBench({ body: 'restricted', walls: { ...findWalls(), ...walls } });
}

describe('a restricted connector', () => {
  it('does not start where Node.js has no permission model, and says who must act', async () => {
    await using bench = await openRestricted({ permissionModel: false, nodeVersion: 'v99.0.0' });
    const worker = bench.worker('echo');
    await expect(run(worker, 'ping')).rejects.toMatchObject({
      code: 'WORKER_LOST',
      message: expect.stringMatching(/Node\.js \(v99\.0\.0\) has no permission model.*the operator must run the host/),
      details: { reason: 'init_failed' },
    });
  });

  it.each<[string, Partial<Walls>]>([
    ['as this system has them', {}],
    ['where the system has none for the network', { refusesNetwork: false, emptyNetwork: undefined }],
  ])('reaches nobody and is reached by nobody, with walls %s', async (_what, walls) => {
    await using server = createServer((socket) => socket.end('reached'));
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
    await using directory = await mkdtempDisposable(join(tmpdir(), 'sockets-'));
    const path = join(directory.path, 'socket');
    await using local = createServer((socket) => socket.end('reached'));
    await new Promise<void>((done) => void local.listen(path, done));
    const given = { port: (server.address() as AddressInfo).port, path, other: `${path}2` };
    await using bench = await openRestricted(walls);
    const worker = bench.worker('prying', { reach: NO_REACH });
    const settle = `const settle = (it) => new Promise((done, fail) => it.once('data', (data) => done(String(data))).once('message', (data) => done(String(data))).once('listening', () => done('listening')).once('error', fail)); const net = require('net');`;
    const attempts = {
      tcp: `return settle(net.connect(given.port, '127.0.0.1'))`,
      byName: `return settle(net.connect(given.port, 'localhost'))`,
      unix: `return settle(net.connect(given.path))`,
      listening: `return settle(net.createServer().listen(given.other))`,
      http2: `return settle(require('http2').connect('http://127.0.0.1:' + given.port))`,
      udp: `const socket = require('dgram').createSocket('udp4'); return new Promise((done, fail) => { socket.once('error', fail); socket.send('x', given.port, '127.0.0.1', (error) => error ? fail(error) : done('sent')); })`,
      names: `return require('dns').promises.resolve4('example.com')`,
    };
    for (const [name, code] of Object.entries(attempts)) {
      const outcome = await run(worker, 'run', { payload: JSON.stringify({ code: settle + code, given }) });
      expect([name, valueOf(outcome)]).toEqual([
        name,
        { refused: expect.stringMatching(/^(EACCES|ENETUNREACH|ERR_ACCESS_DENIED|ECONNREFUSED)$/) },
      ]);
    }
    const open = `${settle} const server = net.createServer(); server.listen(0); await settle(server); return server.address().port`;
    const opened = valueOf(await run(worker, 'run', { payload: JSON.stringify({ code: open, given }) }));
    // Where it may listen it does so in a network that nobody else is in.
    expect(opened).toEqual({ refused: expect.stringMatching(/^(EACCES|ERR_ACCESS_DENIED)$/) });
    expect(
      bench.logs.some(
        ({ message }) => message.includes('only the host’s own code') || message.includes("only the host's own code"),
      ),
    ).toBe(walls.refusesNetwork === false);
  });

  it('reaches whom it likes once it has the network, but no socket in the file system', async () => {
    await using server = createServer((socket) => socket.end('reached'));
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
    await using directory = await mkdtempDisposable(join(tmpdir(), 'sockets-'));
    const path = join(directory.path, 'socket');
    await using local = createServer((socket) => socket.end('reached'));
    await new Promise<void>((done) => void local.listen(path, done));
    await using bench = await openRestricted({});
    const worker = bench.worker('prying', { reach: { ...NO_REACH, network: true } });
    const code = `return new Promise((done, fail) => require('net').connect(given.to).once('data', (data) => done(String(data))).once('error', fail))`;
    const reach = async (to: unknown): Promise<unknown> =>
      valueOf(await run(worker, 'run', { payload: JSON.stringify({ code, given: { to } }) }));
    expect(await reach({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' })).toEqual({
      got: 'reached',
    });
    expect(await reach({ path })).toEqual({ refused: 'EACCES' });
  });
});

describe('a restricted connector whose Node.js takes its line for the network', () => {
  async function openRefusing(directory: string): Promise<Bench> {
    const refusing = join(directory, 'refusing.cjs');
    await writeFile(
      refusing,
      `const net = require('node:net');
       const { Socket } = net;
       net.Socket = class extends Socket {
         constructor(options) {
           if (options?.fd === 3) throw Object.assign(new Error('Access to this API has been restricted'), { code: 'ERR_ACCESS_DENIED' });
           super(options);
         }
       };
       require('node:module').syncBuiltinESMExports();`,
    );
    // What it is started by hands it the module; the directory is one that it may read.
    return openRestricted({
      refusesNetwork: false,
      emptyNetwork: ['/usr/bin/env', `NODE_OPTIONS=--require=${refusing}`],
    });
  }

  it('is called, cancelled and ended as any', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'refusing-'));
    await using bench = await openRefusing(directory.path);
    const echo = bench.worker('echo');
    const text = 'x'.repeat(2 * 1024 * 1024);
    for (const payload of ['{}', JSON.stringify({ text })])
      expect(valueOf(await run(echo, 'ping', { payload }))).toEqual({ action: 'ping', payload: JSON.parse(payload) });
    const many = Array.from({ length: 200 }, (_each, n) => run(echo, 'ping', { payload: JSON.stringify({ n }) }));
    expect(
      (await Promise.all(many)).map((outcome) => (valueOf(outcome) as { payload: { n: number } }).payload.n),
    ).toEqual(many.map((_each, n) => n));
    const hanging = bench.worker('hanging');
    await run(hanging, 'slow', { payload: '{"ms":1}' });
    expect(errorOf(await execute(hanging, 'ignore', { deadline: Date.now() + 300 }))).toMatchObject({
      code: 'TIMEOUT',
    });
    const exiting = bench.worker('exiting');
    expect(errorOf(await run(exiting, 'exit_1'))).toMatchObject({ details: { reason: 'process_exit' } });
    await echo.close();
    expect(echo.state()).toMatchObject({ phase: 'closed' });
    expect(bench.neighbourFailures).toStrictEqual([]);
  });
});
