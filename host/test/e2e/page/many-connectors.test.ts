import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWith } from '@automate/tooling/require-service';
import type { Browser } from 'playwright-core';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { CHROMIUM, openPage, startBrowser } from './fixtures/open-page.ts';

const COUNT = 1_000;
const MOST_SCRIPT_BYTES = 120 * 1024;

describeWith(CHROMIUM, 'the page with 1,000 connectors', () => {
  let browser: Browser;
  let it_: SandboxHost;
  beforeAll(async () => {
    browser = await startBrowser();
    const ids = Array.from({ length: COUNT }, (_, index) => `c-${index + 1}`);
    const connectors = ids.map((id) => `{ id: ${id}, kind: echo, health_check: { enabled: false } }`);
    it_ = await SandboxHost.open({ kinds: ['echo'], yaml: `connectors: [${connectors.join(', ')}]` });
  });
  afterAll(async () => {
    await browser?.close();
    await it_?.[Symbol.asyncDispose]();
  });

  it('is there soon, draws what is seen alone, and loads little', async () => {
    const address = it_.host.httpAddress ?? '';
    const began = performance.now();
    await using opened = await openPage(browser, address);
    const { page } = opened;
    await page.getByRole('link', { name: 'c-1', exact: true }).waitFor();
    const seen = performance.now();
    // A second on a machine that does nothing else; ten on one that does.
    expect(seen - began).toBeLessThan(10_000);
    const table = page.getByRole('table', { name: 'Connectors' });
    expect(await table.getAttribute('aria-rowcount')).toBe(String(COUNT + 1));
    expect(await table.getByRole('row').count()).toBeLessThan(100);
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    await page.getByRole('link', { name: `c-${COUNT}`, exact: true }).waitFor();
    await page.getByRole('searchbox', { name: 'Search connectors' }).fill('c-777');
    await page.getByRole('link', { name: 'c-777', exact: true }).waitFor();
    const changed = performance.now();
    await it_.service.disable('c-777');
    await page.getByRole('row', { name: /c-777/ }).getByText('Unavailable').waitFor();
    const told = performance.now();
    expect(told - changed).toBeLessThan(10_000);
    const scripts = await page.evaluate<{ readonly name: string; readonly encodedBodySize: number }[]>(
      "performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.js')).map((each) => each.toJSON())",
    );
    const bytes = scripts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(MOST_SCRIPT_BYTES);
    expect(await opened.complaints()).toEqual([]);
    console.log(
      `first view of ${COUNT} connectors after ${Math.round(seen - began)} ms, a browser's new context included; its last row and a search after ${Math.round(changed - seen)} ms more; a change after ${Math.round(told - changed)} ms; ${bytes} bytes of script`,
    );
  });
});
