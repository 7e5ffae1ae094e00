import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { CREATE } from './run-create.ts';

const ENTER = '\r';
const TAB = '\t';
const BACKSPACE = '\u007f';
const DOWN = '\u001b[B';
const CTRL_C = '\u0003';

describeWith({ name: 'script', available: () => isOnPath('script') }, 'at a terminal', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'automate-create-'));
  });

  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  /** Types each answer once its question is on the screen; gives the screen and the exit code. */
  async function converse(args: string, ...turns: readonly (readonly [question: string, keys: string])[]) {
    // A terminal of no size shows nothing.
    const command = `stty cols 120 rows 40; "${process.execPath}" "${CREATE}" ${args}`;
    const env = { ...process.env, TERM: 'xterm' };
    const terminal = spawn('script', ['-qefc', command, '/dev/null'], { cwd: root, env });
    let screen = '';
    terminal.stdout.on('data', (chunk: Buffer) => (screen += chunk.toString()));
    try {
      for (const [question, keys] of turns) {
        await eventually(() => screen.includes(question) || terminal.exitCode !== null);
        expect(screen).toContain(question);
        terminal.stdin.write(keys);
      }
      await eventually(() => terminal.exitCode !== null);
      return { screen, status: terminal.exitCode };
    } finally {
      terminal.kill();
    }
  }

  it('asks for what no flag says, and offers what follows from the answers before', async () => {
    const { screen, status } = await converse(
      '--package-manager npm',
      ['Name of the npm package', `@acme/connector-orders${ENTER}`],
      ['Kind, by which', ENTER],
      ['Template to begin with', `${DOWN}${ENTER}`],
      ['Type of the system', ENTER],
    );
    expect(screen).toContain('Wrote connector-orders');
    expect(status).toBe(0);
    const manifest = JSON.parse(readFileSync(join(root, 'connector-orders/package.json'), 'utf8')) as object;
    expect(manifest).toMatchObject({
      name: '@acme/connector-orders',
      automate: { connectors: { orders: { type: 'database' } } },
    });
  });

  it('says at once what is wrong with an answer, and writes nothing for a person who gives up', async () => {
    const { screen, status } = await converse(
      '--kind orders',
      ['Name of the npm package', `X${ENTER}`],
      ['capital letters', CTRL_C],
    );
    expect(screen).toContain('Nothing was written');
    expect(status).toBe(1);
    expect(readdirSync(root)).toEqual([]);
  });

  it('refuses a wrong flag before it asks anything', async () => {
    const { screen, status } = await converse('--kind 9');
    expect(screen).toContain('--kind: expected');
    expect(status).toBe(2);
  });

  it('has operations of a document searched for and picked, and asks for no document where it was given', async () => {
    const document = fileURLToPath(new URL('fixtures/orders.yaml', import.meta.url));
    const answered = '--name connector-orders --kind orders --type custom --package-manager npm';
    const { screen, status } = await converse(
      `${answered} --template openapi --document "${document}"`,
      ['Operations that become actions', 'list'],
      ['(1 match)', `${TAB}${BACKSPACE.repeat(4)}delete`],
      ['Removes an order.', `${TAB}${ENTER}`],
    );
    expect(screen).toContain('2 items selected');
    expect(status).toBe(0);
    expect(readdirSync(join(root, 'connector-orders/src/operations'))).toEqual([
      'delete.ts',
      'index.ts',
      'list-orders.ts',
    ]);
  });
});
