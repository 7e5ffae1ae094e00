import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from '@jest/globals';
import { PluginSandbox } from '@automate/testing';
import { STORES } from './fixtures/later-store.ts';
import { addFixture, SandboxHost } from './fixtures/sandbox-host.ts';

const AUTOMATE = join(import.meta.dirname, '..', 'bin', 'automate.js');

describe.each(Object.entries(STORES))('registrations over %s', (_store, options) => {
  it('survive a restart, and so does a removal', async () => {
    const first = await SandboxHost.open(options);
    await first.service.register({ id: 'one', kind: 'echo', settings: { greeting: 'hi' } });
    await first.service.register({ id: 'two', kind: 'echo' });
    await first.service.remove('two');
    await using second = await first.restart();
    expect((await second.service.list()).map(({ id, owner }) => [id, owner])).toEqual([['one', 'api']]);
    await expect(second.service.execute({ id: 'one', action: 'say', payload: { text: 'x' } })).resolves.toMatchObject({
      result: { greeting: 'hi' },
    });
  });

  it('give way to the configuration file where both have an id, and say so', async () => {
    const first = await SandboxHost.open(options);
    await first.service.register({ id: 'one', kind: 'echo', settings: { greeting: 'from the api' } });
    await first.writeConfig('connectors:\n  - { id: one, kind: echo, settings: { greeting: from the file } }\n');
    await using second = await first.restart();
    await expect(second.service.execute({ id: 'one', action: 'say', payload: { text: 'x' } })).resolves.toMatchObject({
      result: { greeting: 'from the file' },
    });
    expect(second.host.report.warnings.join()).toMatch(
      /"one" is registered over the API and also stands in the configuration file/,
    );
  });

  it('let one of two simultaneous registrations of an id win', async () => {
    await using it = await SandboxHost.open(options);
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => it.service.register({ id: 'one', kind: 'echo' })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'ALREADY_EXISTS' });
    }
  });

  it('keep the old connector running when an update is refused', async () => {
    await using it = await SandboxHost.open(options);
    await it.service.register({ id: 'one', kind: 'echo' });
    const count = async () => (await it.service.execute({ id: 'one', action: 'count', payload: {} })).result;
    expect([await count(), await count()]).toEqual([{ count: 1 }, { count: 2 }]);
    await expect(it.service.update({ id: 'one', kind: 'echo', settings: { colour: 'red' } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    expect(await count()).toEqual({ count: 3 });
  });

  it('are refused for a health path without an http endpoint', async () => {
    await using it = await SandboxHost.open(options);
    await expect(it.service.register({ id: 'one', kind: 'echo', healthCheck: { path: '/ok' } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'health_check.path' }],
    });
  });

  it("are refused for a health path where the scheme, their own or their kind's, is not http, and without a host", async () => {
    const manifests = { open_kind: { scheme: 'tcp' } };
    await using it = await SandboxHost.open({ ...options, manifests });
    const healthCheck = { path: '/ok' };
    for (const config of [
      { kind: 'open_kind', host: 'localhost' },
      { kind: 'echo', host: 'localhost', scheme: 'tcp' },
      { kind: 'echo', scheme: 'https' },
    ])
      await expect(it.service.register({ id: 'one', healthCheck, ...config })).rejects.toMatchObject({
        problems: [{ path: 'health_check.path' }],
      });
    await it.service.register({ id: 'one', kind: 'echo', healthCheck, host: 'localhost', scheme: 'https' });
  });

  it('are refused for a profile of another kind in the words that the file is refused with', async () => {
    await using it = await SandboxHost.open({ ...options, yaml: 'profiles:\n  shop: { kind: open_kind }\n' });
    const refusal = it.service.register({ id: 'one', kind: 'echo', profile: 'shop' });
    await expect(refusal).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [
        { path: 'profile', expected: 'a profile of the kind echo', received: '"shop", which is of the kind open_kind' },
      ],
    });
    await expect(it.service.register({ id: 'one', kind: 'echo', profile: 'ship' })).rejects.toMatchObject({
      problems: [{ path: 'profile', expected: 'the name of an entry of profiles', received: '"ship"' }],
    });
  });
});

describe('a registration', () => {
  it('loses nothing when the host is killed right after it has answered', async () => {
    await using sandbox = await PluginSandbox.create();
    await addFixture(sandbox, 'echo');
    const start = async () => {
      const child = spawn(
        process.execPath,
        [AUTOMATE, 'start', '--grpc-port', '0', '--http-port', '0', '--log-format', 'json'],
        {
          cwd: sandbox.root,
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      for await (const line of createInterface(child.stdout)) {
        const record = JSON.parse(line) as { event?: string; http?: string };
        if (record.event === 'ready') return { child, url: `${record.http}/api/v1/connectors` };
      }
      throw new Error('the host ended before it was ready');
    };
    const first = await start();
    for (const id of ['a', 'b', 'c']) {
      const response = await fetch(first.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id, kind: 'echo' }),
      });
      expect(response.status).toBe(201);
    }
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const second = await start();
    const { connectors } = (await (await fetch(second.url)).json()) as { connectors: { id: string }[] };
    expect(connectors.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    second.child.kill('SIGTERM');
    const [code] = await once(second.child, 'exit');
    expect(code).toBe(0);
    expect(statSync(join(sandbox.root, '.automate')).mode & 0o777).toBe(0o700);
    expect(statSync(join(sandbox.root, '.automate', 'connectors.db')).mode & 0o777).toBe(0o600);
  });
});

describe('a second host on the same data directory', () => {
  it('is refused, and the first goes on', async () => {
    await using it = await SandboxHost.open();
    const child = spawn(process.execPath, [AUTOMATE, 'start', '--grpc-port', '0', '--http-port', '0'], {
      cwd: it.sandbox.root,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => (said += String(chunk)));
    const [code] = await once(child, 'exit');
    expect(code).toBe(1);
    expect(said).toMatch(/another host runs on the data directory/);
    await expect(it.service.list()).resolves.toEqual([]);
  });
});
