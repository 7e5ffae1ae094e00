import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import type { ConnectorStats, HostStats } from '@automate/contract';
import { renderTop, SORTS } from '../../src/cli/top/render-top.ts';
import { AUTOMATE, CliProject, plainEnvironment } from './fixtures/cli-project.ts';
import type { ServingHost } from './fixtures/serving-host.ts';
import { Terminal } from './fixtures/terminal.ts';

const YAML = `
connectors:
  - { id: busy, kind: echo, retry: { attempts: 1 } }
  - { id: idle, kind: echo }
  - { id: ghost, kind: not_installed }
`;

const plain = (_format: string, text: string): string => text;

function statsOf(connectors: readonly Partial<ConnectorStats>[]): HostStats {
  const base = {
    kind: 'echo',
    isolation: 'thread',
    status: 'healthy',
    calls: 0,
    callsPerSecond: 0,
    errors: {},
    inFlight: 0,
    queued: 0,
    restarts: 0,
    crashes: 0,
  } as const;
  return {
    at: '2026-01-31T09:00:00.000Z',
    windowMs: 60_000,
    host: {
      version: '1.0.0',
      since: '2026-01-31T08:00:00.000Z',
      memoryBytes: 200 * 1024 ** 2,
      cpuShare: 0.25,
      loopLagMs: 3.2,
    },
    connectors: connectors.map((each, index) => ({ ...base, id: `connector-${index}`, ...each })),
  };
}

describe('the table of top', () => {
  const load = { since: '2026-01-31T08:00:00.000Z', memoryLimitBytes: 256 * 1024 ** 2, loopUtilization: 0.4 };
  const stats = statsOf([
    { id: 'slow', p99Ms: 12_000, callsPerSecond: 1 },
    { id: 'fat', worker: { ...load, memoryBytes: 150 * 1024 ** 2, cpuShare: 0.1 } },
    { id: 'hot', worker: { ...load, memoryBytes: 20 * 1024 ** 2, cpuShare: 0.9 } },
    { id: 'failing', callsPerSecond: 2, errors: { TIMEOUT: 3, UPSTREAM_5XX: 40 } },
    { id: `long-${'x'.repeat(80)}`, callsPerSecond: 30 },
  ]);

  it.each([
    ['calls', /^long-/],
    ['errors', /^failing.* 43 .*UPSTREAM_5XX/],
    ['latency', /^slow .* 12 s /],
    ['memory', /^fat .* 150 MB/],
    ['cpu', /^hot .* 90% /],
    ['id', /^failing/],
  ] as const)('begins, sorted by %s, with what has most of it', (sort, first) => {
    const lines = renderTop(stats, { sort, style: plain });
    expect(lines[0]).toMatch(/^automate 1\.0\.0 {3}cpu 25% {3}memory 200 MB {3}loop lag 3\.2 ms$/);
    expect(lines[1]).toContain(`by ${sort}: 5 connectors: 5 healthy; calls of the last 60 s`);
    expect(lines[4]).toMatch(first);
  });

  it.each([40, 60, 80, 120, 200])('fits %i columns, and says what it cut', (columns) => {
    for (const sort of Object.values(SORTS)) {
      const lines = renderTop(stats, { sort, columns, rows: 20, style: plain });
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns);
      expect(lines.join('\n')).toMatch(/^long-x*… /m);
      expect(lines[3]).toMatch(/^ID .*CALLS\/S.*ERRORS.*CPU.*MEMORY/);
    }
  });

  it('has no more lines than there is room for', () => {
    const many = statsOf(Array.from({ length: 1000 }, () => ({})));
    expect(renderTop(many, { sort: 'calls', rows: 24, columns: 80, style: plain })).toHaveLength(24);
    expect(renderTop(many, { sort: 'calls', style: plain })).toHaveLength(1004);
  });
});

describe('automate top', () => {
  let project: CliProject;
  let host: ServingHost;
  beforeAll(async () => {
    project = await CliProject.open({ kinds: ['echo'], yaml: YAML });
    host = await project.start();
    await project.automate(['execute', 'busy', 'say', '--input', '{"text":"a"}']);
    await project.automate(['execute', 'busy', 'fail', '--input', '{"how":"upstream"}']);
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await project[Symbol.asyncDispose]();
  });

  it('prints one table where no terminal reads it, and JSON for programs', async () => {
    for (const args of [['top'], ['top', '--once', '--sort', 'errors']]) {
      const { status, stdout, stderr } = await project.automate(args);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/^busy +\S.* 1 +UPSTREAM_5XX/m);
      expect(stdout).toMatch(/^ghost +unhealthy/m);
    }
    const view = await project.json<{ connectors: { id: string; calls: number }[] }>(['top']);
    expect(view.connectors.map(({ id, calls }) => [id, calls])).toEqual([
      ['busy', 2],
      ['ghost', 0],
      ['idle', 0],
    ]);
    expect(await project.automate(['top', '--every', '1ms'])).toMatchObject({ status: 2 });
  });

  describeWith({ name: 'script', available: () => isOnPath('script') }, 'at a terminal', () => {
    it('shows a table that goes on, sorts it by keys, fits 60 columns, and gives the terminal back', async () => {
      await using terminal = new Terminal(`"${process.execPath}" "${AUTOMATE}" top --every 200ms`, {
        cwd: project.root,
        env: plainEnvironment(),
        columns: 60,
      });
      await terminal.waitFor(/by calls: 3 connectors: /);
      await terminal.waitFor(/ID [^]*busy/);
      terminal.type('m');
      await terminal.waitFor(/by memory: /);
      await project.automate(['execute', 'idle', 'say', '--input', '{"text":"a"}']);
      terminal.type('i');
      await terminal.waitFor(/by id: [^]*busy[^]*ghost[^]*idle/);
      terminal.type('q');
      await terminal.ended();
      // Each picture begins at the corner again, without a line break before it.
      const drawn = terminal.raw.split(/\r?\n|\u001b\[H/).map((line) => stripVTControlCharacters(line).trimEnd());
      expect(Math.max(...drawn.map(({ length }) => length))).toBeLessThanOrEqual(60);
      expect(terminal.raw).toMatch(/\u001b\[\?25h\u001b\[\?1049l\s*$/);
    });
  });
});
