import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { describeWith } from '@automate/tooling/require-service';
import type { Browser } from 'playwright-core';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { CHROMIUM, openPage, startBrowser, takePicture } from './fixtures/open-page.ts';

describeWith(CHROMIUM, 'schedules and executions that the page starts', () => {
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

  it('are set by keyboard, refused at their fields, paused, resumed and removed', async () => {
    const { service, host } = it_;
    await using opened = await openPage(browser, host.httpAddress ?? '');
    const { page } = opened;
    await page.getByRole('link', { name: 'Schedules' }).click();
    await page.getByText('There are no schedules.').waitFor();
    await page.getByRole('button', { name: 'Save schedule' }).press('Enter');
    await page.getByRole('alert').getByText('4 fields want attention').waitFor();
    expect(await page.evaluate('document.activeElement.name')).toBe('name');
    expect(await opened.axe()).toEqual([]);
    const form = page.getByRole('form', { name: 'Set a schedule' });
    for (const [label, text] of [
      ['Name', 'nightly'],
      ['Connector', 'echo'],
      ['Action', 'say'],
      ['When', '0 3 * * 9'],
      ['Time zone', 'Europe/Berlin'],
      ['Input as JSON', '{"text": "at night"}'],
    ] as const)
      await form.getByLabel(label, { exact: true }).fill(text);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await form.getByRole('alert').first().waitFor();
    expect(await service.listSchedules()).toEqual([]);
    await form.getByLabel('When', { exact: true }).fill('0 3 * * 1-5');
    await form.getByLabel('When', { exact: true }).press('Enter');
    const row = page.getByRole('row').filter({ hasText: 'nightly' });
    await row.getByText('Europe/Berlin').waitFor();
    const [set] = await service.listSchedules();
    expect(set).toMatchObject({ name: 'nightly', connector: 'echo', action: 'say', cron: '0 3 * * 1-5' });
    expect(await row.locator('time').getAttribute('datetime')).toBe(set?.nextAt);
    expect(await opened.axe()).toEqual([]);
    await takePicture(page, 'schedules');

    await row.getByRole('button', { name: 'Pause nightly' }).press('Enter');
    await row.getByText('paused').waitFor();
    expect(await service.listSchedules()).toMatchObject([{ pausedSince: expect.any(String) }]);
    await row.getByRole('button', { name: 'Resume nightly' }).click();
    await row.getByRole('button', { name: 'Pause nightly' }).waitFor();
    await row.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('There are no schedules.').waitFor();
    expect(await service.listSchedules()).toEqual([]);
    expect(await opened.complaints()).toEqual([]);
  });

  it('are started from the form of an action, and those that failed found and run again', async () => {
    const { service, host } = it_;
    await using opened = await openPage(browser, host.httpAddress ?? '');
    const { page } = opened;
    await page.getByRole('link', { name: 'echo', exact: true }).click();
    await page.getByRole('tab', { name: 'Actions' }).click();
    await page.getByLabel('Action', { exact: true }).selectOption('fail');
    await page.getByLabel('Input as JSON').fill('{"how": "auth"}');
    await page.getByRole('button', { name: 'Run in background' }).press('Enter');
    await page.getByText(/^Started as/).waitFor();
    expect(await opened.axe()).toEqual([]);
    const { executions } = await service.listExecutions({ connector: 'echo' });
    expect(executions).toMatchObject([{ action: 'fail' }]);
    await eventually(async () => (await service.getExecution(executions[0]?.id ?? '')).status === 'failed');
    await page.getByRole('link', { name: 'see how it stands' }).press('Enter');
    await page.getByRole('button', { name: 'Dead letters' }).press('Enter');
    const row = page.getByRole('row').filter({ hasText: 'AUTH_FAILED' });
    await row.getByRole('button', { name: 'Run again' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Run again' }).click();
    await eventually(async () => (await service.listExecutions({ connector: 'echo' })).executions.length === 2);
    expect(await opened.axe()).toEqual([]);
    expect(await opened.complaints()).toEqual([]);
  });
});
