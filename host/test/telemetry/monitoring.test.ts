import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { closedPort } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import type { Program } from '@automate/tooling/start-program';
import { answers, startProgram } from '@automate/tooling/start-program';
import { load } from 'js-yaml';
import { createTelemetry } from '../../dist/telemetry/telemetry.js';
import { plainEnvironment, repositoryPath } from '../cli/fixtures/cli-project.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const MONITORING = join(repositoryPath(), 'host/monitoring');
const read = (name: string): string => readFileSync(join(MONITORING, name), 'utf8');

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}
interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const alerts = (load(read('alerts.yaml')) as Rules).groups.flatMap(({ rules }) => rules);
const panels = (JSON.parse(read('dashboard.json')) as { readonly panels: readonly Panel[] }).panels;
const panelled = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }): readonly [title: string, expr: string] => [
    title,
    expr
      .replaceAll('$__rate_interval', '10s')
      .replaceAll(/\$(instance|connector)/g, '.*')
      .replaceAll(/\[(10m|1h)\]/g, '[10s]'),
  ]),
);
/** Panels that show something only where something is wrong. */
const TROUBLE = /circuits that are open|held back/i;

const prometheus = {
  name: 'prometheus',
  available: () => isOnPath('prometheus'),
  remedy: 'apt-get install --no-install-recommends prometheus',
};

/** `promtool`, whose failure is what it says. */
async function promtool(...args: readonly string[]): Promise<string> {
  const run = promisify(execFile);
  const { stdout, stderr } = await run('promtool', args, { cwd: MONITORING }).catch((error: unknown) => {
    const { stdout: out, stderr: err } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`promtool ${args.join(' ')}: ${out}${err}`);
  });
  return stdout + stderr;
}

describe('the dashboard and the alerts', () => {
  it('ask for metrics that there are', async () => {
    const telemetry = await createTelemetry({ version: '1.0.0' });
    telemetry.observe(() => ({
      connectors: [],
      abandonedThreads: 0,
      tls: { expires: new Date(), usable: true },
      audit: { recorded: 0, dropped: 0, waiting: 0, lagMs: 0, failing: false },
    }));
    const documented = readFileSync(join(repositoryPath(), 'docs/operating.md'), 'utf8');
    const known = `${await telemetry.metricsText()}\n${documented}`;
    await telemetry.shutdown();
    const asked = [...alerts, ...panelled.map(([, expr]) => ({ expr }))].flatMap(({ expr }) => [
      ...expr.matchAll(/\b(?:automate|nodejs|process)_\w+/g),
    ]);
    expect(asked.length).toBeGreaterThan(30);
    const unknown = asked
      .map(([name]) => name)
      .filter((name) => !new RegExp(`\\b${name.replace(/_bucket$/, '')}\\b`).test(known));
    expect(unknown).toEqual([]);
  });

  it('have a unit test for each alert', () => {
    const tried = new Set([...read('alerts-test.yaml').matchAll(/alertname: (\w+)/g)].map(([, name]) => name));
    expect([...tried].toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
  });
});

describeWith(prometheus, 'beside a real Prometheus that watches a real host', () => {
  let server: Program | undefined;
  let host: SandboxHost | undefined;
  let address: string;

  const ask = async (expr: string): Promise<readonly unknown[]> => {
    const url = `${address}/api/v1/query?${new URLSearchParams({ query: expr }).toString()}`;
    const answer = (await (await fetch(url)).json()) as {
      readonly status: string;
      readonly error?: string;
      readonly data: { readonly result: readonly unknown[] };
    };
    if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error}`);
    return answer.data.result;
  };

  beforeAll(async () => {
    host = await SandboxHost.open({
      kinds: ['echo'],
      yaml: 'connectors:\n  - { id: echo, retry: { attempts: 1 }, circuit: {} }\n',
      env: { AUDIT: 'on' },
      sampleMs: 250,
      process,
    });
    const port = await closedPort();
    address = `http://127.0.0.1:${port}`;
    const config = {
      global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '1s' },
      rule_files: [join(MONITORING, 'alerts.yaml')],
      scrape_configs: [
        { job_name: 'automate', static_configs: [{ targets: [new URL(host.host.httpAddress ?? '').host] }] },
      ],
    };
    server = await startProgram({
      command: 'prometheus',
      port,
      env: plainEnvironment(),
      setUp: (place) => [
        // YAML takes JSON as it is.
        `--config.file=${place.write('prometheus.yml', JSON.stringify(config))}`,
        '--storage.tsdb.path=tsdb',
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      isReady: answers('/-/ready'),
    });
  }, 60_000);
  afterAll(async () => {
    await server?.close();
    await host?.[Symbol.asyncDispose]();
  });

  it('are taken by it, and promtool finds nothing wrong with them', async () => {
    expect(await promtool('check', 'rules', 'alerts.yaml')).toContain(`${alerts.length} rules found`);
    expect(await promtool('test', 'rules', 'alerts-test.yaml')).toContain('SUCCESS');
    const loaded = (await (await fetch(`${address}/api/v1/rules`)).json()) as {
      readonly data: { readonly groups: readonly { readonly rules: readonly { readonly name: string }[] }[] };
    };
    const names = loaded.data.groups.flatMap(({ rules }) => rules.map(({ name }) => name));
    expect(names.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
  });

  it.each(alerts)('evaluate $alert without an error', async ({ expr }) => {
    expect(Array.isArray(await ask(expr))).toBe(true);
  });

  it('show something in every panel once calls succeed, fail and crash', async () => {
    const call = (action: string, payload = {}): Promise<unknown> =>
      host?.service.execute({ id: 'echo', action, payload }).catch(() => undefined) ?? Promise.resolve();
    const empty = async (): Promise<readonly string[]> => {
      await call('say', { text: 'x' });
      await call('fail', { how: 'upstream' });
      // What it fails leaves a dead letter.
      await host?.service.startExecution({ id: 'echo', action: 'fail', payload: { how: 'upstream' } });
      const found = await Promise.all(
        panelled.map(async ([title, expr]) => ((await ask(expr)).length > 0 || TROUBLE.test(title) ? [] : [title])),
      );
      return found.flat();
    };
    await call('die');
    await host?.service.test('echo');
    await eventually(empty, (titles) => titles.length === 0);
  }, 120_000);
});
