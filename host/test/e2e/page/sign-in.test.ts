import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWith } from '@automate/tooling/require-service';
import type { Browser } from 'playwright-core';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { CHROMIUM, openPage, startBrowser } from './fixtures/open-page.ts';

describeWith(CHROMIUM, 'signing in', () => {
  let browser: Browser;
  let it_: SandboxHost;
  let address: string;
  beforeAll(async () => {
    browser = await startBrowser();
    it_ = await SandboxHost.open({ kinds: ['echo'], yaml: 'connectors: [{ id: echo }]' });
    address = it_.host.httpAddress ?? '';
  });
  afterAll(async () => {
    await browser?.close();
    await it_?.[Symbol.asyncDispose]();
  });

  it('is asked for once there is a token, lasts over a reload, and ends with the token', async () => {
    const { token, id } = await it_.service.createToken({ name: 'ops', scopes: ['read'] });
    await using opened = await openPage(browser, address, { colorScheme: 'dark' });
    const { page } = opened;
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await opened.axe()).toEqual([]);
    await page.getByLabel('Token').fill('aut_wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('UNAUTHENTICATED').waitFor();
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'echo' }).waitFor();
    expect(await page.evaluate('document.cookie')).toBe('');
    await page.reload();
    await page.getByRole('link', { name: 'echo' }).waitFor();
    await it_.service.revokeToken(id);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByText('was revoked').waitFor();
    expect(await opened.complaints()).toEqual([]);
  });

  it('ends when somebody signs out', async () => {
    const { token } = await it_.service.createToken({ name: 'ops', scopes: ['read'] });
    await using opened = await openPage(browser, address);
    const { page } = opened;
    await page.getByLabel('Token').fill(token);
    await page.getByLabel('Token').press('Enter');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('shows who may call one connector that one alone, and asks for nothing that is refused', async () => {
    const { token } = await it_.service.createToken({ name: 'caller', scopes: ['execute:echo'] });
    await using opened = await openPage(browser, address);
    const { page } = opened;
    await page.getByLabel('Token').fill(token);
    await page.getByLabel('Token').press('Enter');
    const refused: string[] = [];
    page.on('response', (response) => {
      if (response.status() === 403) refused.push(new URL(response.url()).pathname);
    });
    await page.getByRole('link', { name: 'echo' }).click();
    await page.getByText('To see numbers needs the scope read.').waitFor();
    await page.getByRole('link', { name: 'Trouble' }).click();
    await page.getByText('To see trouble needs the scope read.').waitFor();
    expect(refused).toEqual([]);
    expect(await opened.axe()).toEqual([]);
  });

  it('is done for whoever makes the first token here, who sees it', async () => {
    await using open = await SandboxHost.open({ kinds: ['echo'], yaml: 'connectors: [{ id: echo }]' });
    await using opened = await openPage(browser, open.host.httpAddress ?? '');
    const { page } = opened;
    await page.getByRole('link', { name: 'Access' }).click();
    await page.getByText('There are no tokens').waitFor();
    await page.getByLabel('Name').fill('first');
    await page.getByLabel('admin').check();
    await page.getByRole('button', { name: 'Create token' }).click();
    await page.getByText(/^aut_[0-9a-f]{12}_/).waitFor();
    await page.getByRole('row').filter({ hasText: 'first' }).getByText('counts', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.getByRole('link', { name: 'Connectors' }).click();
    await page.getByRole('link', { name: 'echo' }).waitFor();
    expect(await opened.complaints()).toEqual([]);
  });

  it('gives pages of other sites nothing, wherever they come from', async () => {
    const { token } = await it_.service.createToken({ name: 'victim', scopes: ['admin'] });
    const { port } = new URL(address);
    const evil = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end(
        '<form method="post" enctype="text/plain" target="there"><input name=x></form><iframe name="there"></iframe>',
      );
    }).listen(0, '127.0.0.1');
    await once(evil, 'listening');
    const { port: evilPort } = evil.address() as AddressInfo;
    await using opened = await openPage(browser, address);
    const { page } = opened;
    await page.getByLabel('Token').fill(token);
    await page.getByLabel('Token').press('Enter');
    await page.getByRole('link', { name: 'echo' }).waitFor();
    try {
      // The same address with another port is the same site to a cookie; another name is another site.
      for (const name of ['127.0.0.1', 'localhost']) {
        await page.goto(`http://${name}:${evilPort}/`);
        const got = await page.evaluate(`Promise.all([
          fetch('${address}/api/v1/connectors', { credentials: 'include' }),
          fetch('${address}/api/v1/connectors/echo', { method: 'DELETE', credentials: 'include' }),
          fetch('${address}/api/v1/plugins/rescan', { method: 'POST', mode: 'no-cors', credentials: 'include' }),
          fetch('${address}/session', { method: 'POST', mode: 'no-cors', body: '{"token":"${token}"}' }),
        ].map((answer) => answer.then(({ type }) => type, () => 'nothing')))`);
        expect(got).toEqual([
          'nothing',
          'nothing',
          expect.stringMatching(/nothing|opaque/),
          expect.stringMatching(/nothing|opaque/),
        ]);
        const answer = page.waitForResponse((response) => new URL(response.url()).port === port);
        await page.evaluate(
          `document.forms[0].action = '${address}/api/v1/plugins/rescan'; document.forms[0].submit()`,
        );
        expect((await answer).status()).toBe(403);
      }
      const { records } = await it_.service.listAudit({ principal: 'victim' });
      expect(records).toEqual([]);
    } finally {
      evil.close();
      evil.closeAllConnections();
    }
  });

  it('is not reached by a name that somebody points here', async () => {
    const { port } = new URL(address);
    const rebound = await startBrowser(['--host-resolver-rules=MAP evil.example 127.0.0.1']);
    try {
      const page = await rebound.newPage();
      const response = await page.goto(`http://evil.example:${port}/`);
      expect(response?.status()).toBe(403);
      expect(await page.content()).toContain('host_not_allowed');
    } finally {
      await rebound.close();
    }
  });
});
