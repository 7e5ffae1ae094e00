import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { JsonObject } from '@automate/sdk';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startConnector } from '@automate/testing';
import JaegerAdapter from '../src/jaeger-adapter.ts';
import { startJaeger } from './jaeger-stand-in.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Runs one action with the real host in a process of its own, which sends its spans to an OTLP endpoint. */
async function executeInHost(otlpEndpoint: string): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'jaeger-spans-'));
  cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const args = [
    join(ROOT, 'host', 'bin', 'automate.js'),
    'execute',
    'logging',
    'log',
    '--input',
    '{"message":"traced"}',
  ];
  const env = { ...process.env, NODE_OPTIONS: '', DATA_DIR: dataDir, OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint };
  await promisify(execFile)(process.execPath, args, { cwd: ROOT, env });
}

describe('spans that a host has really sent', () => {
  it('are found again by service and by trace', async () => {
    const jaeger = await startJaeger();
    cleanups.push(() => jaeger.close());
    await executeInHost(jaeger.url);
    const connector = await startConnector(JaegerAdapter, { url: jaeger.url });
    cleanups.push(() => connector.close());

    const { services } = await connector.call('list_services');
    expect(services).toStrictEqual(['automate']);
    const { traces } = await connector.call('find_traces', { service: 'automate' });
    const [found] = traces as JsonObject[];
    expect(found).toMatchObject({ services: ['automate'], duration_ms: expect.any(Number) });
    expect(JSON.stringify(found?.['spans'])).toContain('logging');
    await expect(connector.call('get_trace', { trace_id: found?.['trace_id'] as string })).resolves.toStrictEqual({
      trace: found,
    });
  });
});
