import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openRest } from './fixtures/open-rest.ts';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

let pageDir: string;
beforeEach(() => {
  pageDir = mkdtempSync(join(tmpdir(), 'page-'));
});
afterEach(() => rmSync(pageDir, { recursive: true }));

function build(): void {
  mkdirSync(join(pageDir, 'assets'));
  writeFileSync(join(pageDir, 'index.html'), '<!doctype html><title>x</title>');
  writeFileSync(join(pageDir, 'assets', 'index-abc123.js'), 'console.log(1)');
  writeFileSync(join(pageDir, '.built-from'), 'secret of the build');
}

describe('the page', () => {
  it('is served under its policy, and asked for anew each time', async () => {
    build();
    await using rest = await openRest({ pageDir });
    const { status, headers, text } = await rest.call('GET /');
    expect([status, text]).toEqual([200, '<!doctype html><title>x</title>']);
    expect(headers).toMatchObject({
      'content-security-policy': POLICY,
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
    });
  });

  it('has assets that are kept for ever, compressed where the browser takes that', async () => {
    build();
    await using rest = await openRest({ pageDir });
    const plain = await rest.call('GET /assets/index-abc123.js');
    expect(plain.text).toBe('console.log(1)');
    expect(plain.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: expect.stringContaining('accept-encoding'),
    });
    const zipped = await fetch(`${rest.server.address}/assets/index-abc123.js`);
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(await zipped.text()).toBe('console.log(1)');
  });

  it.each([
    'GET /assets/nothing.js',
    'GET /assets/..%2f..%2fetc%2fpasswd',
    'GET /assets/../.built-from',
    'GET /.built-from',
    'GET /assets/.built-from',
    'GET /index.html',
  ])('is nothing else of this machine: %s', async (line) => {
    build();
    await using rest = await openRest({ pageDir });
    expect((await rest.call(line)).status).toBe(404);
  });

  it('takes no other method', async () => {
    build();
    await using rest = await openRest({ pageDir });
    const { status, headers } = await rest.call('POST /');
    expect([status, headers['allow']]).toEqual([405, 'GET, HEAD']);
  });

  it('that is not built says how to build it, and is found once it is', async () => {
    await using rest = await openRest({ pageDir });
    const { status, headers, text } = await rest.call('GET /');
    expect([status, headers['content-type']]).toEqual([404, 'text/plain; charset=utf-8']);
    expect(text).toContain('npm run build');
    expect((await rest.call('GET /api/v1/connectors')).status).toBe(200);
    build();
    expect((await rest.call('GET /')).status).toBe(200);
  });
});
