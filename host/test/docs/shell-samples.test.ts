import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import type { Program } from '@automate/tooling/start-program';
import { answers, startProgram } from '@automate/tooling/start-program';
import type { CodeBlock } from './fixtures/read-docs.ts';
import { codeBlocks, PAGES, ROOT } from './fixtures/read-docs.ts';
import type { RunningHost } from './fixtures/running-host.ts';
import { startHost } from './fixtures/running-host.ts';

/** A sample that is run, and what the page shows as its output. */
interface Sample {
  readonly place: string;
  readonly script: string;
  readonly output: string | undefined;
}

const samples: readonly Sample[] = PAGES.flatMap((file) => codeBlocks(file).flatMap(toSample));

function toSample(block: CodeBlock, index: number, blocks: readonly CodeBlock[]): readonly Sample[] {
  if (!block.words.includes('run')) return [];
  const next = blocks[index + 1];
  const output = next?.words.includes('output') ? next.text : undefined;
  return [{ place: `${block.file}:${block.line}`, script: block.text, output }];
}

const rows = (chosen: readonly Sample[]): (readonly [string, Sample])[] =>
  chosen.map((sample) => [sample.place, sample]);
/** What asks Prometheus, or ends with 1 where something that is configured is not there. */
const needsPrometheus = ({ script }: Sample): boolean =>
  /"up"|\\"up\\"|execute prometheus|automate doctor|connectors health +#/.test(script);

let running: RunningHost;
let folder: string;
/** What the host was started with, and whoever uses it. */
let environment: Readonly<Record<string, string>> = {};

/** `npx` would look the same programs up in a second that a test does not have. */
async function writeShortcut(): Promise<void> {
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin', 'npx'), '#!/bin/sh\nexec "$@"\n');
  await chmod(join(folder, 'bin', 'npx'), 0o755);
}

async function runSample({ script }: Sample): Promise<string> {
  const here = script.replaceAll('http://127.0.0.1:8080', running.http).replaceAll('127.0.0.1:50051', running.grpc);
  const path = [join(folder, 'bin'), join(ROOT, 'node_modules/.bin'), process.env['PATH'] ?? ''].join(delimiter);
  const { NODE_OPTIONS: _options, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const args = ['-e', '-o', 'pipefail', '-c', here];
    execFile(
      'bash',
      args,
      { cwd: ROOT, env: { ...env, ...environment, PATH: path, DATA_DIR: running.dataDir }, timeout: 60_000 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
      },
    );
  });
}

/** Numbers differ from run to run, also within texts. */
function withoutNumbers(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value === 'number') return 0;
    return typeof value === 'string' ? value.replaceAll(/\d+(\.\d+)?/g, '0') : value;
  });
}

async function check(sample: Sample): Promise<void> {
  const printed = await runSample(sample);
  expect(printed).not.toContain('"type":"urn:automate:error:internal-error"');
  if (sample.output !== undefined) expect(withoutNumbers(printed)).toEqual(withoutNumbers(sample.output));
}

async function open(env: Readonly<Record<string, string>>): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'automate-shell-'));
  await writeShortcut();
  environment = env;
  running = await startHost({ env });
}

async function close(): Promise<void> {
  await running?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}

describe('the shell samples, against a host', () => {
  beforeAll(() => open({}));
  afterAll(close);

  it('are found', () => {
    expect(samples.length).toBeGreaterThan(8);
  });

  it.each(rows(samples.filter((sample) => !needsPrometheus(sample))))('%s', (_place, sample) => check(sample));
});

const prometheus = {
  name: 'prometheus',
  available: () => isOnPath('prometheus'),
  remedy: 'apt-get install --no-install-recommends prometheus',
};

describeWith(prometheus, 'the shell samples, against a host and a real Prometheus', () => {
  let server: Program | undefined;

  beforeAll(async () => {
    server = await startProgram({
      command: 'prometheus',
      setUp({ port, write }) {
        // It watches itself under the name that the page shows.
        const config = {
          global: { scrape_interval: '500ms', scrape_timeout: '500ms' },
          scrape_configs: [{ job_name: 'prometheus', static_configs: [{ targets: [`localhost:${port}`] }] }],
        };
        return [
          `--config.file=${write('prometheus.yml', JSON.stringify(config))}`,
          '--storage.tsdb.path=tsdb',
          `--web.listen-address=127.0.0.1:${port}`,
        ];
      },
      isReady: answers('/-/ready'),
    });
    const { port } = server;
    await open({ PROMETHEUS_HOST: 'localhost', PROMETHEUS_PORT: String(port) });
    await eventually(() => hasSamples(port));
  });

  afterAll(async () => {
    await server?.close();
    await close();
  });

  it.each(rows(samples.filter(needsPrometheus)))('%s', (_place, sample) => check(sample));
});

async function hasSamples(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=up`);
  return (await answer.text()).includes('"value"');
}
