import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWith } from '@automate/tooling/require-service';
import type { Browser } from 'playwright-core';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { CHROMIUM, openPage, startBrowser } from './fixtures/open-page.ts';

describeWith(CHROMIUM, 'executions on the page', () => {
  let browser: Browser;
  let it_: SandboxHost;
  beforeAll(async () => {
    browser = await startBrowser();
    it_ = await SandboxHost.open({ kinds: ['echo'], yaml: 'connectors:\n  - { id: echo, retry: { attempts: 1 } }\n' });
  });
  afterAll(async () => {
    await browser?.close();
    await it_?.[Symbol.asyncDispose]();
  });

  it('are shown as they go on, cancelled, looked into and run again', async () => {
    const { service, host } = it_;
    await using opened = await openPage(browser, host.httpAddress ?? '');
    const { page } = opened;
    await page.getByRole('link', { name: 'echo', exact: true }).click();
    await page.getByRole('tab', { name: 'Executions' }).click();
    await page.getByText('No call was started here that goes on by itself.').waitFor();

    await service.startExecution({ id: 'echo', action: 'wait' });
    await service.startExecution({ id: 'echo', action: 'fail', payload: { how: 'auth' } });
    await page.getByRole('button', { name: 'Refresh' }).click();
    const row = (action: string) =>
      page.getByRole('row').filter({ has: page.getByRole('cell', { name: action, exact: true }) });
    await row('wait').getByText('running').waitFor();
    await row('fail').getByText('AUTH_FAILED: the remote refused the token').waitFor();
    expect(await opened.axe()).toEqual([]);

    await row('wait').getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
    await row('wait').getByText('cancelled', { exact: true }).waitFor();
    await row('fail').getByRole('button', { name: /^Show/ }).click();
    await page
      .getByRole('region', { name: /^Execution / })
      .getByText('"AUTH_FAILED"')
      .waitFor();
    await row('fail').getByRole('button', { name: 'Run again' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Run again' }).click();
    await page.getByText(/run again as [0-9a-f-]{36}/).waitFor();
    expect(await service.listExecutions({ connector: 'echo' })).toMatchObject({ executions: [{}, {}, {}] });
    expect(await opened.axe()).toEqual([]);
    expect(await opened.complaints()).toEqual([]);
  });
});
