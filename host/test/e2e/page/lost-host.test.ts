import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWith } from '@automate/tooling/require-service';
import type { Browser, Page } from 'playwright-core';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { CHROMIUM, openPage, startBrowser } from './fixtures/open-page.ts';
import { openRelay } from './fixtures/open-relay.ts';

const yaml = (...ids: readonly string[]): string =>
  `connectors:\n${ids.map((id) => `  - { id: ${id}, kind: echo }\n`).join('')}`;
const link = (page: Page, name: string) => page.getByRole('link', { name, exact: true });

describeWith(CHROMIUM, 'a page whose host is lost', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  it('says so, and shows what there is when the host is back, without being loaded again', async () => {
    await using first = await SandboxHost.open({ kinds: ['echo'], yaml: yaml('stays', 'goes') });
    await using relay = await openRelay(first.host.httpAddress);
    await using opened = await openPage(browser, relay.address);
    const { page } = opened;
    await link(page, 'goes').waitFor();
    await page.evaluate('globalThis.sameLoad = true');
    await first.host.close();
    await page.getByText('Not connected').waitFor();
    await page.getByText('The host does not answer').waitFor();
    await first.writeConfig(yaml('stays', 'comes'));
    await using second = await first.restart();
    relay.to(second.host.httpAddress);
    await link(page, 'comes').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    expect([await link(page, 'goes').count(), await link(page, 'stays').count()]).toEqual([0, 1]);
    await second.service.disable('stays');
    await page
      .getByRole('row')
      .filter({ has: link(page, 'stays') })
      .getByText('Disabled')
      .first()
      .waitFor();
    expect(await page.evaluate('globalThis.sameLoad')).toBe(true);
    expect(await opened.complaints()).toEqual([]);
  });

  it('asks to sign in again, with the reason, where a host that came back has forgotten who it was', async () => {
    await using first = await SandboxHost.open({ kinds: ['echo'], yaml: yaml('one') });
    const { token } = await first.service.createToken({ name: 'ops', scopes: ['read'] });
    await using relay = await openRelay(first.host.httpAddress);
    await using opened = await openPage(browser, relay.address);
    const { page } = opened;
    const signIn = async () => {
      await page.getByLabel('Token').fill(token);
      await page.getByLabel('Token').press('Enter');
      await link(page, 'one').waitFor();
    };
    await signIn();
    await using second = await first.restart();
    relay.to(second.host.httpAddress);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByRole('alert').getByText('UNAUTHENTICATED').waitFor();
    await signIn();
    await page.getByText('Live', { exact: true }).waitFor();
  });

  it('says so where the host is only silent, and goes on when it speaks again', async () => {
    await using host = await SandboxHost.open({ kinds: ['echo'], yaml: yaml('one') });
    await using relay = await openRelay(host.host.httpAddress);
    await using opened = await openPage(browser, relay.address, { clock: true });
    const { page } = opened;
    await page.getByText('Live', { exact: true }).waitFor();
    relay.freeze();
    // What was under way still comes, and is a sign of life.
    while (!(await page.getByText('Not connected').isVisible())) await page.clock.fastForward(60_000);
    relay.thaw();
    while (!(await page.getByText('Live', { exact: true }).isVisible())) await page.clock.fastForward(5_000);
  });
});
