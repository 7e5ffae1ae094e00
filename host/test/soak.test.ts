import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const SOAK = fileURLToPath(new URL('../soak/main.mjs', import.meta.url));

it('loses no answer, gives no wrong one and leaves nothing behind, whatever connectors do beside others', async () => {
  const child = spawn(process.execPath, [SOAK, '--minutes', '0.5', '--counts-only'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(said.split('\n').filter((line) => line.startsWith('VIOLATED'))).toStrictEqual([]);
  expect(said).toContain('nothing was violated');
  expect(child.exitCode).toBe(0);
}, 300_000);
