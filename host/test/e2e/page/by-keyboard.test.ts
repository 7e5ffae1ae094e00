import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWith } from '@automate/tooling/require-service';
import type { Browser, Locator, Page } from 'playwright-core';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { LAMP } from './fixtures/lamp.ts';
import { CHROMIUM, openPage, startBrowser } from './fixtures/open-page.ts';

/** More presses than the page has places to stop at. */
const MOST_PRESSES = 120;

describeWith(CHROMIUM, 'the page by keyboard alone, on a phone', () => {
  let browser: Browser;
  let it_: SandboxHost;
  let server: Server;

  beforeAll(async () => {
    browser = await startBrowser();
    server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    it_ = await SandboxHost.open({
      kinds: [],
      yaml: 'connectors: []\n',
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'lamp', source: LAMP })),
    });
  });
  afterAll(async () => {
    await browser?.close();
    await it_?.[Symbol.asyncDispose]();
    server?.close();
  });

  const hasFocus = async (target: Locator): Promise<boolean> =>
    (await target.and(target.page().locator(':focus')).count()) === 1;
  const tookFocus = (target: Locator): Promise<void> => target.and(target.page().locator(':focus')).waitFor();

  /** Goes there as who has no mouse. */
  async function reach(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    await target.waitFor();
    for (let presses = 0; presses < MOST_PRESSES; presses += 1) {
      if (await hasFocus(target)) return;
      await page.keyboard.press(key);
    }
    throw new Error(`${MOST_PRESSES} times ${key} do not lead to ${String(target)}`);
  }

  it('registers, tests, saves, runs, pauses and removes a connector, and never loses its place', async () => {
    const viewport = { width: 390, height: 780 };
    await using opened = await openPage(browser, it_.host.httpAddress ?? '', { viewport });
    const { page } = opened;
    const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
    const heading = (name: string): Locator => page.getByRole('heading', { name, level: 1 });
    const write = async (name: string, text: string): Promise<void> => {
      await reach(page, page.getByLabel(name, { exact: true }));
      await page.keyboard.type(text);
    };
    const look = async (step: string): Promise<void> => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const tooWide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        const seen = { step, colorScheme, tooWide, axe: await opened.axe() };
        expect(seen).toEqual({ step, colorScheme, tooWide: 0, axe: [] });
      }
    };

    await reach(page, button('Register connector'));
    await look('all connectors');
    await page.keyboard.press('Enter');
    await tookFocus(heading('Register connector'));
    await write('id', 'hall');
    await write('kind', 'lamp');
    await write('host', '127.0.0.1');
    await write('port', String((server.address() as AddressInfo).port));
    await write('room', 'hall');
    await reach(page, button('Test'));
    await page.keyboard.press('Enter');
    await page.getByRole('status', { name: 'Test result' }).getByText('The test succeeded.').waitFor();
    expect(await hasFocus(button('Test'))).toBe(true);
    await look('a tested form');
    await reach(page, button('Save'));
    await page.keyboard.press('Enter');
    await tookFocus(heading('hall'));
    await page.getByRole('region', { name: 'Status' }).getByText('Healthy', { exact: true }).waitFor();
    await look('a connector');

    await reach(page, button('Check now'));
    await page.keyboard.press('Enter');
    await button('Check now').waitFor();
    expect(await hasFocus(button('Check now'))).toBe(true);
    await reach(page, page.getByRole('tab', { name: 'Overview' }), 'Shift+Tab');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: 'Actions', selected: true }).waitFor();
    await write('level', '7');
    await reach(page, button('Run'));
    await page.keyboard.press('Enter');
    await page.getByRole('status', { name: 'Result' }).getByText('"lit": 7').waitFor();
    expect(await hasFocus(button('Run'))).toBe(true);
    await look('a result');
    await page.keyboard.press('Shift+Tab');
    await reach(page, page.getByRole('tab', { name: 'Actions' }), 'Shift+Tab');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: 'Configuration', selected: true }).waitFor();
    await write('Brightness level', '5');
    await reach(page, button('Save'));
    await page.keyboard.press('Enter');
    await tookFocus(page.getByRole('status').filter({ hasText: 'updated "hall"' }));
    await look('a saved configuration');

    await reach(page, button('Pause'), 'Shift+Tab');
    await page.keyboard.press('Enter');
    await button('Resume').waitFor();
    await tookFocus(button('Resume'));
    await look('a paused connector');
    await reach(page, button('Remove'));
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Remove hall?' });
    await look('a question');
    await page.keyboard.press('Escape');
    await tookFocus(button('Remove'));
    await page.keyboard.press('Enter');
    await reach(page, dialog.getByRole('button', { name: 'Remove' }));
    await page.keyboard.press('Enter');
    await tookFocus(heading('Connectors'));
    await look('no connectors');
    expect(await it_.service.list()).toEqual([]);
    expect(await opened.complaints()).toEqual([]);
  });

  it('removes a secret from a list, and is at its head then', async () => {
    await it_.service.setSecret({ namespace: 'default', name: 'key', value: 'a value of the test' });
    await using opened = await openPage(browser, it_.host.httpAddress ?? '');
    const { page } = opened;
    await reach(page, page.getByRole('link', { name: 'Secrets' }));
    await page.keyboard.press('Enter');
    await reach(page, page.getByRole('row').filter({ hasText: 'default/key' }).getByRole('button', { name: 'Remove' }));
    await page.keyboard.press('Enter');
    await reach(page, page.getByRole('dialog').getByRole('button', { name: 'Remove' }));
    await page.keyboard.press('Enter');
    await page.getByText('The store holds no secrets yet.').waitFor();
    await tookFocus(page.getByRole('heading', { name: 'Secrets', level: 1 }));
    expect(await opened.complaints()).toEqual([]);
  });
});
