import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { AUTOMATE, CliProject, plainEnvironment } from './fixtures/cli-project.ts';
import { runCommand } from './fixtures/run-command.ts';

const LONG = 'a-connector-whose-name-goes-on-beyond-a-small-terminal';

const YAML = `
connectors:
  - { id: echo, host: metrics.example.org, port: 9090 }
  - { id: ghost, kind: not_installed }
  - { id: ${LONG}, kind: echo }
`;

describeWith({ name: 'script', available: () => isOnPath('script') }, 'tables', () => {
  let project: CliProject;
  beforeAll(async () => {
    project = await CliProject.open({ kinds: ['echo'], yaml: YAML });
  });
  afterAll(() => project[Symbol.asyncDispose]());

  /** What a person sees at a terminal of so many columns, in lines. */
  async function seen(columns: number, ...args: readonly string[]): Promise<readonly string[]> {
    const command = `stty cols ${columns}; ${process.execPath} ${AUTOMATE} ${args.join(' ')} 2>/dev/null`;
    const { stdout } = await runCommand('script', ['-qec', command, '/dev/null'], {
      cwd: project.root,
      env: { ...plainEnvironment(), TERM: 'xterm' },
    });
    return stripVTControlCharacters(stdout).trimEnd().split(/\r?\n/);
  }

  it.each([20, 40, 60, 80, 120])('fit a terminal of %i columns, and cut no word without a mark', async (columns) => {
    const [narrow, wide] = [await seen(columns, 'connectors', 'list'), await seen(2000, 'connectors', 'list')];
    expect(Math.max(...narrow.map(({ length }) => length))).toBeLessThanOrEqual(columns);
    const words = (lines: readonly string[]): ReadonlySet<string> => new Set(lines.join(' ').split(/\s+/));
    const joined = narrow.join('\n').replaceAll(/…\n\s*/g, '');
    const shown = words(joined.split('\n'));
    expect(words(wide)).toContain(LONG);
    expect([...words(wide)].filter((word) => !shown.has(word))).toEqual([]);
  });

  it('are one block for each row where the columns have no room', async () => {
    const lines = await seen(60, 'connectors', 'list');
    expect(lines).toContainEqual(expect.stringMatching(/^ID {2,}echo$/));
    expect(lines).toContainEqual(expect.stringMatching(/^ENDPOINT OR ERROR +http:\/\/metrics\.example\.org:9090$/));
    expect(lines).toContainEqual(expect.stringMatching(/^ID {2,}ghost$/));
  });

  it('break between words where that is enough', async () => {
    const lines = await seen(70, 'connectors', 'health', 'ghost');
    expect(lines[0]).toMatch(/^ID +STATUS +TIME +MESSAGE$/);
    expect(lines.length).toBeGreaterThan(2);
    expect(lines[1]).toMatch(/^ghost +unhealthy +0 ms +\S/);
  });

  it('are left as they are where no terminal reads them', async () => {
    const { stdout } = await project.automate(['connectors', 'list'], { env: { COLUMNS: '40' } });
    expect(stdout.split('\n').map((line) => line.length > 60)).toContain(true);
    expect(stdout).toMatch(new RegExp(`^ID {${LONG.length}}KIND`, 'm'));
  });
});
