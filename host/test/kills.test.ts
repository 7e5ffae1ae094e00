import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const KILLS = fileURLToPath(new URL('../soak/kills.mjs', import.meta.url));

it('loses nothing that it acknowledged, and does nothing twice for a key, however often it is killed', async () => {
  const child = spawn(process.execPath, [KILLS, '--kills', '10'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(said.split('\n').filter((line) => line.startsWith('VIOLATED'))).toStrictEqual([]);
  expect(said).toContain('nothing was violated');
  expect(said).toMatch(/calls acknowledged, answered again +[1-9]\d*, [1-9]\d*/);
  expect(child.exitCode).toBe(0);
}, 300_000);
