import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { BODIES, ISOLATED } from './support.ts';

const PROGRAM = fileURLToPath(new URL('./fixtures/embedding-program.mjs', import.meta.url));

function embed(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly lines: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const tooLong = setTimeout(() => child.kill('SIGKILL'), 20_000);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(tooLong);
      resolve({ code, lines: text.trim().split('\n') });
    });
  });
}

describe.each(BODIES)('a program that embeds the runtime, in the body %s', (body) => {
  it('ends by itself while workers idle, without closing anything', async () => {
    expect(await embed('idle', body)).toStrictEqual({ code: 0, lines: ['{"action":"ping","payload":{}}', 'end'] });
  });

  it('does not end while a worker starts or a call is pending, though nothing else keeps it', async () => {
    expect(await embed('slow-call', body)).toStrictEqual({ code: 0, lines: ['"fine"', 'end'] });
  });

  it('ends once it has closed the runtime', async () => {
    expect(await embed('closing', body)).toStrictEqual({
      code: 0,
      lines: ['{"action":"ping","payload":{}}', 'end', 'closed'],
    });
  });

  it('does not end before the deadline of a call that hangs', async () => {
    expect(await embed('hanging-call', body)).toStrictEqual({ code: 0, lines: ['TIMEOUT', 'end'] });
  });
});

describe.each(ISOLATED)('a program that embeds the runtime, in the body %s', (body) => {
  it('ends by itself after a crash too', async () => {
    expect(await embed('crash', body)).toStrictEqual({ code: 0, lines: ['WORKER_LOST', 'end'] });
  });
});
