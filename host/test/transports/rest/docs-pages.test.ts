import { existsSync } from 'node:fs';
import { source as axe } from 'axe-core';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { HTTP_ROUTES } from '@automate/contract/http';
import { describeWith } from '@automate/tooling/require-service';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';

const CHROMIUM = '/usr/bin/chromium';
const browserIsThere = {
  name: 'chromium',
  available: () => existsSync(CHROMIUM),
  remedy: 'apt-get install -y --no-install-recommends chromium',
};

/** A kind whose author writes what a page must show as text. */
const HOSTILE = `
import { action, ConnectorAdapter } from '@automate/sdk';
const paired = (jsonSchema) => ({ schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema });
export default class Hostile extends ConnectorAdapter {
  name = 'hostile';
  version = '1.0.0';
  actions = {
    burn: action({
      description: '<script>window.burnt = true</script><img src=x onerror="window.burnt = true">',
      input: paired({ type: 'object', required: ['"><b>'], properties: { '"><b>': { type: 'string', description: '</td><script>window.burnt = true</script>', pattern: '<i>' } } }),
      output: paired({ type: 'object', properties: { tree: { $ref: '#/$defs/tree' } }, $defs: { tree: { type: 'object', properties: { children: { type: 'array', items: { $ref: '#/$defs/tree' } } } } } }),
      sideEffects: true, idempotent: false, run: () => ({}),
    }),
  };
}
`;

describeWith(browserIsThere, 'the pages at /docs', () => {
  let host: SandboxHost;
  let browser: Browser;
  beforeAll(async () => {
    host = await SandboxHost.open({
      kinds: ['echo'],
      yaml: 'connectors:\n  - id: echo\n  - id: hostile\n  - { id: ghost, kind: not_installed }\n',
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'hostile', source: HOSTILE })),
    });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await host[Symbol.asyncDispose]();
  });

  /** Opens a page, and tells what the browser complained of and what it asked for. */
  async function open(path: string, options: Parameters<Browser['newPage']>[0] = {}) {
    const page = await browser.newPage(options);
    const complaints: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
    page.on('pageerror', (error) => void complaints.push(error.message));
    page.on('request', (request) => void asked.push(request.url()));
    const address = host.host.httpAddress ?? '';
    await page.goto(`${address}${path}`);
    return { page, complaints, asked, address };
  }

  /** What axe finds wrong, by rule and place. Run from outside of the page, whose policy lets no script in. */
  async function violations(page: Page): Promise<readonly string[]> {
    await page.evaluate(axe);
    const found = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(
      'axe.run().then(({ violations }) => violations)',
    );
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  }

  it('show every operation of the document, with its parameters, schemas and an example', async () => {
    const { page, complaints, asked, address } = await open('/docs', { javaScriptEnabled: false });
    const text = await page.locator('main').innerText();
    for (const { method, path, summary } of Object.values(HTTP_ROUTES)) {
      expect(text).toContain(`${method} /api/v1${path}`);
      expect(text).toContain(summary.replaceAll('`', ''));
    }
    expect(text).toContain(`curl -s ${address}/api/v1/connectors`);
    expect(new Set(asked)).toEqual(new Set([`${address}/docs`, `${address}/docs/style.css`]));
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('lead nowhere that there is not', async () => {
    for (const path of ['/docs', '/docs/connectors']) {
      const { page } = await open(path);
      const missing = await page.evaluate(`[...document.querySelectorAll('a[href^="#"]')]
        .map((link) => decodeURIComponent(link.getAttribute('href').slice(1)))
        .filter((id) => document.getElementById(id) === null)`);
      expect({ path, missing }).toEqual({ path, missing: [] });
      const ids = await page.evaluate<string[]>(`[...document.querySelectorAll('[id]')].map(({ id }) => id)`);
      expect(ids).toHaveLength(new Set(ids).size);
      await page.close();
    }
  });

  it.each([
    ['/docs', 'light', 360],
    ['/docs/connectors', 'dark', 1280],
  ] as const)('%s is accessible, %s, %i wide', async (path, colorScheme, width) => {
    const { page, complaints } = await open(path, { colorScheme, viewport: { width, height: 800 } });
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it.each(['/docs', '/docs/connectors'])('%s is never wider than the window', async (path) => {
    for (const width of [320, 768, 1280]) {
      const { page } = await open(path, { viewport: { width, height: 800 } });
      expect({ width, wide: await page.evaluate('document.documentElement.scrollWidth') }).toEqual({
        width,
        wide: width,
      });
      await page.close();
    }
  });

  it('show the actions of each connector, and what their authors wrote as text alone', async () => {
    const { page, complaints } = await open('/docs/connectors');
    await page.getByRole('link', { name: 'Answers with the text.' }).click();
    expect(await page.locator('article:target').innerText()).toMatch(
      /POST \/api\/v1\/connectors\/echo\/actions\/say[^]*curl[^]*'\{"text":"…"\}'/,
    );
    expect(await page.locator('main').innerText()).toContain('<script>window.burnt = true</script>');
    expect(await page.evaluate(() => 'burnt' in globalThis)).toBe(false);
    expect(await page.locator('b, i, img').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('are read by keyboard: the first stop leads past the contents', async () => {
    const { page } = await open('/docs');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('To the operations');
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).hash).toBe('#content');
    await page.close();
  });

  it('have the strict policy, and need what /openapi.json needs', async () => {
    const address = host.host.httpAddress ?? '';
    const { headers } = await fetch(`${address}/docs`);
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    );
    const { token } = await host.service.createToken({ name: 'reader', scopes: ['read'] });
    const { token: caller } = await host.service.createToken({ name: 'caller', scopes: ['execute:echo'] });
    for (const path of ['/docs', '/docs/connectors', '/openapi.json']) {
      const ask = async (bearer?: string): Promise<number> =>
        (
          await fetch(
            `${address}${path}`,
            bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } },
          )
        ).status;
      expect({ path, answers: [await ask(), await ask(token), await ask(caller)] }).toEqual({
        path,
        answers: [401, 200, 403],
      });
    }
  });
});
