import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeWith } from '@automate/tooling/require-service';
import type { Browser } from 'playwright-core';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { CHROMIUM, openPage, startBrowser } from './fixtures/open-page.ts';

/** Has a version of a package that is not the one installed. */
const LOCK = `lock_version: 1
packages:
  connector-echo:
    version: 0.9.0
    integrity: sha512-of-another-machine
    manifest: sha256-of-another-machine
    kinds: {}
`;

describeWith(CHROMIUM, 'the page in a browser', () => {
  let browser: Browser;
  let it_: SandboxHost;
  beforeAll(async () => {
    browser = await startBrowser();
    it_ = await SandboxHost.open({
      yaml,
      env: { HEALTH_INTERVAL: '1s' },
      prepare: (sandbox) => sandbox.writeFile('connectors.lock', LOCK).then(() => undefined),
    });
  });
  afterAll(async () => {
    await browser?.close();
    await it_?.[Symbol.asyncDispose]();
  });

  const yaml = `
connectors:
  - id: echo
    kind: echo
    name: Says it again
    tags: [first]
  - id: gone
    kind: unreachable
    host: 127.0.0.1
    port: 9
`;

  it('shows what there is, with its status, and what becomes of it', async () => {
    await using opened = await openPage(browser, it_.host.httpAddress ?? '');
    const { page } = opened;
    const row = (id: string) =>
      page.getByRole('row').filter({ has: page.getByRole('link', { name: id, exact: true }) });
    await row('echo').getByText('Healthy').waitFor();
    await row('gone').getByText('Unhealthy').waitFor();
    await it_.service.register({ id: 'late', kind: 'echo' });
    await row('late').waitFor();
    await page.getByRole('button', { name: /^Unhealthy/ }).click();
    await row('echo').waitFor({ state: 'detached' });
    await row('gone').getByRole('link', { name: 'gone' }).click();
    await page.getByRole('heading', { name: 'gone' }).waitFor();
    await page.getByRole('tab', { name: 'Overview', selected: true }).waitFor();
    await page.getByText('Must act:').waitFor();
    await page.getByRole('tab', { name: 'Overview' }).press('ArrowRight');
    await page.getByRole('tab', { name: 'Actions', selected: true }).waitFor();
    await page.getByRole('tab', { name: 'Actions' }).press('ArrowLeft');
    await page.getByRole('tab', { name: 'Overview', selected: true }).waitFor();
    await page.getByRole('button', { name: 'Check now' }).click();
    await page.getByRole('link', { name: 'Connectors' }).click();
    await page.getByRole('searchbox', { name: 'Search connectors' }).fill('says it');
    await row('late').waitFor({ state: 'detached' });
    await row('echo').waitFor();
    expect(await opened.complaints()).toEqual([]);
  });

  it('tells who makes trouble and who must act, and what to type about packages', async () => {
    await using opened = await openPage(browser, it_.host.httpAddress ?? '', { viewport: { width: 390, height: 780 } });
    const { page } = opened;
    await page.getByRole('link', { name: 'Trouble' }).click();
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'gone' }) });
    await row.getByText('Unhealthy').first().waitFor();
    await row.getByText('Remote system').waitFor();
    await row.getByText('connector-unreachable 1.0.0').waitFor();
    expect(await opened.axe()).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    await row.getByRole('link', { name: 'gone' }).click();
    await it_.service.execute({ id: 'gone', action: 'find_user' }).catch(() => undefined);
    await page
      .getByRole('region', { name: 'Trouble' })
      .getByText(/^Calls fail for .* Must act: Remote system/)
      .waitFor();
    await page.getByRole('link', { name: 'Plugins' }).click();
    const plugin = page.getByRole('row').filter({ hasText: 'connector-echo' });
    await plugin.getByText(/connectors\.lock has version 0\.9\.0: .*plugins update --installed/).waitFor();
    await plugin.getByText('Commands for connector-echo').click();
    await plugin.getByText('automate plugins rollback connector-echo', { exact: true }).waitFor();
    await plugin.getByText('back to version 0.9.0').waitFor();
    expect(await opened.axe()).toEqual([]);
    expect(await opened.complaints()).toEqual([]);
  });

  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    it.each([
      ['wide', { width: 1280, height: 800 }],
      ['on a phone', { width: 390, height: 780 }],
    ])('%s axe-core finds nothing', async (_how, viewport) => {
      await using opened = await openPage(browser, it_.host.httpAddress ?? '', { colorScheme, viewport });
      const { page } = opened;
      await page.getByRole('link', { name: 'gone' }).waitFor();
      await page.getByText('Unhealthy').nth(1).waitFor();
      expect(await opened.axe()).toEqual([]);
      await page.getByRole('link', { name: 'gone' }).click();
      await page.getByRole('heading', { name: 'Facts' }).waitFor();
      expect(await opened.axe()).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
      await page.getByRole('link', { name: 'Connectors' }).click();
      await page.getByRole('link', { name: 'gone' }).waitFor();
      expect(await opened.complaints()).toEqual([]);
    });
  });
});
