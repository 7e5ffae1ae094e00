import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWith } from '@automate/tooling/require-service';
import { eventually } from '@automate/tooling/eventually';
import type { Browser } from 'playwright-core';
import { ask, knows, openSharingHosts } from '../../cluster/fixtures/sharing-hosts.ts';
import { describeWithPostgres } from '../../fixtures/postgres-databases.ts';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { CHROMIUM, openPage, startBrowser, takePicture } from './fixtures/open-page.ts';

describeWith(CHROMIUM, 'hosts on the page', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  it('is the one that is there by itself, and what it would take for more', async () => {
    await using it_ = await SandboxHost.open({ kinds: ['echo'], yaml: 'connectors:\n  - { id: echo }\n' });
    await using opened = await openPage(browser, it_.host.httpAddress ?? '');
    const { page } = opened;
    await page.getByRole('link', { name: 'Hosts' }).click();
    await page.getByText('This host is there by itself.').waitFor();
    await page.getByRole('cell', { name: 'on time' }).waitFor();
    expect(await opened.axe()).toEqual([]);
    expect(await opened.complaints()).toEqual([]);
  });

  describeWithPostgres('that share connectors', (databases) => {
    it('are shown with what each runs, how late it is, and in rows of calls, trouble and logs', async () => {
      await using scene = await openSharingHosts(databases);
      const { start, config } = scene;
      const one = await start('a', { HOST_LABELS: 'eu' });
      const other = await start('b');
      await eventually(async () => (await one.service.listHosts()).length === 2);
      await one.service.register(config('shared'));
      await knows(other.service, 'shared');
      await ask(one.service, 'shared', 'read', 'first');
      await expect(other.service.execute({ id: 'shared', action: 'nothing', payload: {} })).rejects.toThrow();
      const [holder = ''] = await eventually(
        async () => (await other.service.list()).flatMap(({ host }) => host ?? []),
        (hosts) => hosts.length > 0,
      );

      await using opened = await openPage(browser, other.host.ready.http);
      const { page } = opened;
      await page.getByRole('columnheader', { name: 'Host' }).waitFor();
      await page
        .getByRole('row', { name: /shared/ })
        .getByRole('cell', { name: holder })
        .waitFor();
      await page.getByRole('link', { name: 'Hosts' }).click();
      const row = (id: string) => page.getByRole('row').filter({ hasText: id });
      await row(holder).getByText('eu').waitFor();
      expect(await page.getByRole('row').count()).toBe(3);
      await row(holder).getByText('1', { exact: true }).focus();
      await page.keyboard.press('Enter');
      await row(holder).getByRole('link', { name: 'shared' }).waitFor();
      for (const colorScheme of ['light', 'dark'] as const)
        for (const width of [390, 1280]) {
          await page.setViewportSize({ width, height: 780 });
          await page.emulateMedia({ colorScheme });
          const tooWide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
          expect({ colorScheme, width, tooWide: Math.max(0, tooWide), axe: await opened.axe() }).toEqual({
            ...{ colorScheme, width, tooWide: 0, axe: [] },
          });
        }
      await page.emulateMedia({ colorScheme: 'light' });
      await takePicture(page, 'hosts');

      await page.getByRole('link', { name: 'Trouble' }).click();
      await page.getByRole('region', { name: 'Trouble' }).getByRole('cell', { name: holder }).waitFor();
      await page.getByRole('link', { name: 'Logs' }).click();
      await page.getByRole('log').getByText(`at ${holder}`).first().waitFor();
      one.host.kill('SIGSTOP');
      try {
        await page.getByRole('link', { name: 'Trouble' }).click();
        await page.getByText(/^Nothing of the host .* is shown: the host .* has not answered/).waitFor();
      } finally {
        one.host.kill('SIGCONT');
      }
      expect(await opened.complaints()).toEqual([]);
    });
  });
});
