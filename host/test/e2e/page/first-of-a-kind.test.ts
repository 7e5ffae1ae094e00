import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { closedPort } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { describeWith } from '@automate/tooling/require-service';
import type { Browser, Locator, Page } from 'playwright-core';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { LAMP } from './fixtures/lamp.ts';
import { CHROMIUM, openPage, startBrowser } from './fixtures/open-page.ts';

describeWith(CHROMIUM, 'the first connector of a kind, at the page', () => {
  let browser: Browser;
  let it_: SandboxHost;
  let server: Server;

  beforeAll(async () => {
    browser = await startBrowser();
    server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    it_ = await SandboxHost.open({
      kinds: ['echo'],
      yaml: 'connectors: []\n',
      prepare: async (sandbox) => {
        await sandbox.addConnector({ kind: 'lamp', source: LAMP });
        await sandbox.addConnector({ kind: 'broken', source: "throw new Error('a broken build');" });
      },
    });
  });
  afterAll(async () => {
    await browser?.close();
    await it_?.[Symbol.asyncDispose]();
    server?.close();
  });

  const field = (page: Page, name: string): Locator => page.getByLabel(name, { exact: true });

  /** What a screen reader says of a field beside its name, once that field has the focus. */
  async function saidAtFocus(page: Page, name: string): Promise<readonly unknown[]> {
    const said = await eventually(
      () =>
        page.evaluate<unknown[]>(`(() => {
          const { name, ariaInvalid, ariaDescribedByElements } = document.activeElement;
          return [name, ariaInvalid, ...(ariaDescribedByElements ?? []).map((each) => each.textContent)];
        })()`),
      ([focused]) => focused === name,
    );
    return said.slice(1);
  }

  it.each([
    ['in light', { colorScheme: 'light' as const }],
    ['in dark, on a phone', { colorScheme: 'dark' as const, viewport: { width: 390, height: 780 } }],
  ])('is registered with a form of its settings, and what is wrong is said at its field: %s', async (_how, options) => {
    await using opened = await openPage(browser, it_.host.httpAddress ?? '', options);
    const { page } = opened;
    const id = `hall-${options.colorScheme}`;
    const asked: string[] = [];
    page.on('request', (request) => {
      const [, kind] = /\/api\/v1\/kinds\/(.*)$/.exec(request.url()) ?? [];
      if (kind !== undefined) asked.push(kind);
    });
    await page.getByRole('button', { name: 'Register connector' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert', { name: 'Not sent' }).getByText('id: must be given').waitFor();
    expect(await saidAtFocus(page, 'id')).toEqual(['true', expect.any(String), 'must be given']);
    expect(await opened.axe()).toEqual([]);
    await page.keyboard.type(id);
    await page.getByRole('alert', { name: 'Not sent' }).waitFor({ state: 'detached' });
    expect(await field(page, 'id').getAttribute('aria-invalid')).toBeNull();

    await field(page, 'kind').selectOption('lamp');
    await field(page, 'host').fill('127.0.0.1');
    await field(page, 'port').fill('seven');
    await field(page, 'Brightness level').fill('half');
    await page.getByRole('button', { name: 'Test' }).click();
    await page.getByRole('alert', { name: 'Not sent' }).getByText('settings.room: must be given').waitFor();
    expect(await saidAtFocus(page, 'settings.room')).toEqual(['true', 'Where the lamp hangs', 'must be given']);
    await page.keyboard.type('kitchen');

    await page.getByRole('button', { name: 'Test' }).click();
    await page.getByRole('alert', { name: /^Error: / }).waitFor();
    expect(await saidAtFocus(page, 'port')).toEqual([
      'true',
      expect.any(String),
      expect.stringContaining('expected a port from 1 to 65535'),
    ]);
    expect(await opened.axe()).toEqual([]);
    await field(page, 'port').fill(String(await closedPort()));
    await page.getByRole('button', { name: 'Test' }).click();
    await page.getByText('expected a whole number').first().waitFor();
    expect(await saidAtFocus(page, 'settings.level')).toEqual(['true', expect.stringContaining('a whole number')]);
    await field(page, 'Brightness level').fill('4');
    await page.getByRole('button', { name: 'Test' }).click();
    await page.getByRole('status', { name: 'Test result' }).getByText('ECONNREFUSED').waitFor();
    await field(page, 'port').fill(String((server.address() as AddressInfo).port));
    await field(page, 'pin').fill('0000');
    expect(await field(page, 'pin').getAttribute('type')).toBe('password');
    await page.getByRole('button', { name: 'Test' }).click();
    await page.getByText('The test succeeded.').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: id, level: 1 }).waitFor();
    const { config } = await it_.service.get(id);
    expect(config.settings).toMatchObject({ room: 'kitchen', level: 4, pin: expect.stringContaining('secretref://') });
    expect(asked).toEqual(['lamp']);
    expect(await opened.complaints()).toEqual([]);
  });

  it('has its settings asked for as JSON where the kind does not tell them, and keeps none of another kind', async () => {
    await using opened = await openPage(browser, it_.host.httpAddress ?? '');
    const { page } = opened;
    await page.getByRole('button', { name: 'Register connector' }).click();
    await field(page, 'id').fill('odd');
    await field(page, 'kind').selectOption('lamp');
    await field(page, 'room').fill('cellar');
    await field(page, 'kind').selectOption('broken');
    await page.getByText('a broken build').waitFor();
    const json = page.getByLabel('settings as JSON');
    expect(await json.inputValue()).toBe('');
    await json.fill('{ "room": ');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert', { name: 'Not sent' }).getByText('settings: This is no JSON').waitFor();
    expect(await saidAtFocus(page, 'settings')).toEqual(['true', expect.stringContaining('This is no JSON')]);
    expect(await opened.axe()).toEqual([]);
    expect(await opened.complaints()).toEqual([]);
  });

  it('has company: every form says at its fields what is missing', async () => {
    await it_.service.register({ id: 'echo' });
    await using opened = await openPage(browser, it_.host.httpAddress ?? '');
    const { page } = opened;
    const forms = [
      ['secrets', 'Set a secret', 'Save secret', 'name'],
      ['secrets', 'Set a profile', 'Save profile', 'name'],
      ['access', 'Create a token', 'Create token', 'name'],
      ['connectors/echo/actions', 'Run say', 'Run', 'text'],
    ] as const;
    for (const [view, name, button, first] of forms) {
      await page.goto(`${it_.host.httpAddress}/#/${view}`);
      if (view.endsWith('actions')) await field(page, 'Action').selectOption('say');
      const form = page.getByRole('form', { name });
      await form.getByRole('button', { name: button, exact: true }).click();
      await form.getByRole('alert', { name: 'Not sent' }).getByText(`${first}: must be given`).waitFor();
      expect(await saidAtFocus(page, first)).toEqual(['true', 'must be given']);
      expect([name, await opened.axe()]).toEqual([name, []]);
    }
    await page.goto(`${it_.host.httpAddress}/#/secrets`);
    const profile = page.getByRole('form', { name: 'Set a profile' });
    await profile.getByLabel('Profile name').fill('shared');
    await profile.getByLabel('Profile as JSON').fill('{ "kind": "lamp", "enabled": "maybe" }');
    await profile.getByRole('button', { name: 'Save profile' }).click();
    expect(await saidAtFocus(page, 'profile')).toEqual([
      'true',
      expect.stringContaining('kind, environment, settings'),
      expect.stringMatching(/^profile\.enabled: .*true or false/),
    ]);
    expect(await opened.complaints()).toEqual([]);
  });
});
