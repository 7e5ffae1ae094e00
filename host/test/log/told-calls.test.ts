import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@automate/contract';
import { FakeService } from '@automate/testing';
import type { PluginSandbox } from '@automate/testing';
import { atMost } from '../../src/log/at-most.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const add = async (sandbox: PluginSandbox, version: string): Promise<void> => {
  const source = await readFile(join(import.meta.dirname, '../fixtures/connectors/troubled.js'), 'utf8');
  await sandbox.addConnector({ kind: 'troubled', source, packageJson: { version } });
};

async function open(logLevel: 'debug' | 'info', port = 1): Promise<SandboxHost> {
  return SandboxHost.open({
    kinds: [],
    flags: { logLevel },
    env: { HEALTH_INTERVAL: '500h' },
    yaml: `connectors:\n  - { id: one, kind: troubled, host: 127.0.0.1, port: ${port}, retry: { attempts: 3, backoff: 10ms } }\n`,
    prepare: (sandbox) => add(sandbox, '1.0.0'),
  });
}

const linesOf = (it: SandboxHost, event: string): readonly JsonObject[] =>
  it.logText
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonObject)
    .filter((line) => line['event'] === event);
const call = (it: SandboxHost, action: string, payload: JsonObject = {}, id = 'one'): Promise<unknown> =>
  it.service.execute({ id, action, payload }).catch((error: unknown) => error);

describe('the log at debug', () => {
  it('has one line for each call, with how it ended and nothing of what it carried', async () => {
    await using it = await open('debug');
    await call(it, 'work', { text: 'not-to-be-told' });
    await call(it, 'work', { text: 1 });
    await call(it, 'work', {}, 'nobody-at-all');
    expect(linesOf(it, 'call')).toMatchObject([
      {
        level: 'debug',
        connector: 'one',
        action: 'work',
        code: 'OK',
        attempts: 1,
        door: 'local',
        duration_ms: expect.any(Number),
      },
      {
        level: 'info',
        connector: 'one',
        action: 'work',
        code: 'INVALID_INPUT',
        blame: 'caller',
        reason: expect.stringContaining('text'),
      },
      { level: 'info', asked: 'nobody-at-all', code: 'NOT_FOUND', blame: 'caller', attempts: 0 },
    ]);
    expect(it.logText).not.toContain('not-to-be-told');
  });

  it('has one line for each attempt that is followed by another', async () => {
    await using remote = await FakeService.start();
    remote.on('GET', '/busy', { status: 429, text: 'slow down' });
    await using it = await open('debug', remote.endpoint.port);
    await call(it, 'ask', { path: '/busy' });
    const failed = { connector: 'one', action: 'ask', code: 'RATE_LIMITED', blame: 'remote' };
    expect(linesOf(it, 'retry')).toMatchObject([
      { level: 'debug', ...failed, attempt: 1, reason: expect.stringContaining('429') },
      { level: 'debug', ...failed, attempt: 2 },
    ]);
    expect(linesOf(it, 'call')).toMatchObject([{ level: 'info', ...failed, attempts: 3 }]);
  });

  it('has health checks, and scans with what came and went', async () => {
    await using it = await open('debug');
    await it.service.healthCheck('one');
    expect(linesOf(it, 'health_check')).toMatchObject([{ level: 'debug', connector: 'one', status: 'healthy' }]);
    await it.service.rescanPlugins();
    await add(it.sandbox, '1.1.0');
    await it.service.rescanPlugins();
    const scans = linesOf(it, 'rescan').map(({ level, msg }) => [level, msg]);
    expect(scans).toContainEqual(['info', 'the packages were looked at again: nothing has changed']);
    expect(scans).toContainEqual(['info', 'the packages were looked at again: connector-troubled 1.0.0 → 1.1.0']);
  });
});

describe('the log at info', () => {
  it('has the calls that failed, and not those that did not', async () => {
    await using it = await open('info');
    await call(it, 'work');
    await it.service.healthCheck('one');
    await call(it, 'refuse');
    expect(linesOf(it, 'call')).toMatchObject([{ level: 'info', code: 'AUTH_FAILED', blame: 'operator' }]);
    expect(linesOf(it, 'health_check')).toEqual([]);
    await it.service.setLogLevel('one', 'debug');
    await call(it, 'work');
    expect(linesOf(it, 'call')).toHaveLength(2);
  });

  it('has the first of many calls that fail alike, and at debug each of them', async () => {
    await using it = await open('info');
    const fail = (id: string) => Promise.all(Array.from({ length: 200 }, () => call(it, 'refuse', {}, id)));
    await Promise.all([fail('one'), fail('nobody'), fail('nobody-else')]);
    const lines = linesOf(it, 'call');
    const failed = (code: string) => lines.filter((line) => line['code'] === code).length;
    for (const code of ['AUTH_FAILED', 'NOT_FOUND']) {
      expect(failed(code)).toBeGreaterThanOrEqual(20);
      // A slow machine may come to another ten seconds.
      expect(failed(code)).toBeLessThan(200);
    }
    await it.service.setLogLevel('one', 'debug');
    await fail('one');
    expect(linesOf(it, 'call').length - lines.length).toBe(200);
  });

  it('tells with the next one how many were left out', async () => {
    const isTold = atMost(2, 50);
    expect(['a', 'a', 'a', 'b', 'a'].map(isTold)).toEqual([0, 0, undefined, 0, undefined]);
    await delay(60);
    expect(['a', 'a', 'b'].map(isTold)).toEqual([2, 0, 0]);
  });
});
