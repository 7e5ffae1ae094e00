import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from '@jest/globals';

const PROGRAM = `
  const { writeWhole } = await import(process.argv[1]);
  const { createInterface } = await import('node:readline');
  process.stdout.on('error', () => undefined);
  writeWhole(process.stdout);
  for await (const line of createInterface({ input: process.stdin }))
    process.stdout.write(line + '\\n', (error) => process.stderr.write((error ? (error.code ?? 'removed') : 'written') + '\\n'));
`;

it('says of each line whether a file that has no more room holds it, whole', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'automate-output-'));
  const file = join(folder, 'log');
  const module = new URL('../../dist/cli/write-whole.js', import.meta.url).href;
  // Files of at most eight blocks of 512 bytes.
  const child = spawn(
    'sh',
    ['-c', 'ulimit -f 8; exec "$0" --input-type=module -e "$1" "$2"', process.execPath, PROGRAM, module],
    { stdio: ['pipe', openSync(file, 'a'), 'pipe'] },
  );
  const answers = createInterface({ input: child.stderr as NonNullable<typeof child.stderr> })[Symbol.asyncIterator]();
  const write = async (name: string): Promise<unknown> => {
    child.stdin?.write(`${name}-${'x'.repeat(1500)}-end\n`);
    return (await answers.next()).value;
  };
  const whole = (): string[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('-end'))
      .map((line) => line.slice(0, line.indexOf('-')));
  expect([await write('one'), await write('two'), await write('three'), await write('four')]).toStrictEqual([
    'written',
    'written',
    'EFBIG',
    'EFBIG',
  ]);
  expect(whole()).toStrictEqual(['one', 'two']);
  truncateSync(file, 2000);
  expect(await write('five')).toBe('written');
  expect(whole()).toStrictEqual(['one', 'five']);
  rmSync(file);
  expect(await write('six')).toBe('removed');
  child.stdin?.end();
  await once(child, 'exit');
  rmSync(folder, { recursive: true });
});
