import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { closedPort } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import type { Program } from '@automate/tooling/start-program';
import { answers, startProgram } from '@automate/tooling/start-program';
import type { Browser } from 'playwright-core';
import { AUTOMATE, plainEnvironment, repositoryPath } from '../../cli/fixtures/cli-project.ts';
import { ServingHost } from '../../cli/fixtures/serving-host.ts';
import { CHROMIUM, openPage, startBrowser, takePicture } from './fixtures/open-page.ts';

const needed = {
  name: 'chromium and prometheus',
  available: () => CHROMIUM.available() && isOnPath('prometheus'),
  remedy: 'apt-get install -y --no-install-recommends chromium prometheus',
};

describeWith(needed, 'a newcomer at the page', () => {
  let folder: string;
  let browser: Browser;
  let server: Program | undefined;
  let host: ServingHost;
  let token: string;

  beforeAll(async () => {
    browser = await startBrowser();
    folder = await mkdtemp(join(tmpdir(), 'automate-page-'));
    server = await startProgram({
      command: 'prometheus',
      env: plainEnvironment(),
      setUp: ({ port, write }) => [
        `--config.file=${write('prometheus.yml', 'scrape_configs: []')}`,
        '--storage.tsdb.path=tsdb',
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      isReady: answers('/-/ready'),
    });
    const configFile = join(folder, 'connectors.yaml');
    await writeFile(configFile, 'network: { registered: { allow: [loopback] } }\nconnectors: [{ id: logging }]\n');
    host = await ServingHost.start({
      command: process.execPath,
      args: [AUTOMATE, 'start'],
      cwd: repositoryPath(),
      env: {
        ...plainEnvironment(),
        CONFIG_PATH: configFile,
        DATA_DIR: join(folder, 'data'),
        GRPC_PORT: '0',
        HTTP_PORT: '0',
        LOG_FORMAT: 'json',
        HEALTH_INTERVAL: '1s',
      },
    });
    const made = await fetch(`${host.ready.http}/api/v1/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'newcomer', scopes: ['admin'] }),
    });
    ({ token } = (await made.json()) as { token: string });
  });

  afterAll(async () => {
    await browser?.close();
    await host?.[Symbol.asyncDispose]();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('registers a Prometheus with a wrong port, understands why it fails, mends it, asks it, pauses it and finds that in the audit', async () => {
    await using opened = await openPage(browser, host.ready.http);
    const { page } = opened;
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Register connector' }).click();
    await page.getByLabel('id', { exact: true }).fill('metrics');
    await page.getByLabel('kind', { exact: true }).selectOption('prometheus');
    await page.getByLabel('host', { exact: true }).fill('127.0.0.1');
    await page.getByLabel('port', { exact: true }).fill('seven');
    await page.getByRole('button', { name: 'Test' }).click();
    await page.getByText('expected a port from 1 to 65535').first().waitFor();
    expect(await page.getByLabel('port', { exact: true }).getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('port', { exact: true }).fill(String(await closedPort()));
    await page.getByRole('button', { name: 'Test' }).click();
    await page.getByRole('status', { name: 'Test result' }).getByText('refused the connection').waitFor();
    await takePicture(page, 'register');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'metrics', level: 1 }).waitFor();
    const verdict = page.getByRole('region', { name: 'Status' });
    await verdict.getByText('Unhealthy').waitFor();
    await verdict.getByText('refused the connection').waitFor();
    await verdict.getByText('Remote system').waitFor();
    expect(await opened.axe()).toEqual([]);

    await page.getByRole('tab', { name: 'Configuration' }).click();
    await page.getByLabel('port', { exact: true }).fill(String(server?.port));
    await page.getByRole('region', { name: 'Changes' }).getByText(String(server?.port)).waitFor();
    await page.getByRole('button', { name: 'Test' }).click();
    await page.getByText('The test succeeded.').waitFor();
    expect(await opened.axe()).toEqual([]);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('updated "metrics"').waitFor();
    await page.getByRole('tab', { name: 'Overview' }).click();
    await verdict.getByText('Healthy', { exact: true }).waitFor();

    await page.getByRole('tab', { name: 'Actions' }).click();
    await page.getByLabel('Action', { exact: true }).selectOption('query');
    await page.getByLabel('query', { exact: true }).fill('vector(42)');
    for (let call = 0; call < 5; call += 1) {
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await page.getByRole('status', { name: 'Result' }).getByText('"42"').waitFor();
    }
    await page.getByLabel('query', { exact: true }).fill('vector(');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('alert').getByText('INVALID_INPUT').waitFor();
    await page.getByText('As curl, CLI, TypeScript').click();
    await page.getByText(/^automate execute metrics query --input/).waitFor();
    expect(await opened.axe()).toEqual([]);
    await takePicture(page, 'actions');
    // A browser may refuse, or have no clipboard to give.
    await page.evaluate('navigator.clipboard.writeText = () => Promise.reject(new Error("not allowed"))');
    await page.getByRole('button', { name: 'Copy as CLI' }).click();
    await page.getByText('Selected, for you to copy').waitFor();
    expect(await page.evaluate('getSelection().toString()')).toMatch(/^automate execute metrics query --input/);

    await page.getByRole('tab', { name: 'Overview' }).click();
    await page
      .getByRole('figure')
      .filter({ hasText: 'Calls per second' })
      .getByText(/calls: 0?[.1-9]/)
      .waitFor();
    await takePicture(page, 'connector');
    await page.getByRole('tab', { name: 'Calls' }).click();
    await page.getByRole('table', { name: 'Calls' }).getByText('INVALID_INPUT').waitFor();
    await page.getByRole('tab', { name: 'Logs' }).click();
    await page.getByLabel('Level').selectOption('debug');
    expect(await opened.axe()).toEqual([]);

    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await page.getByRole('link', { name: 'Audit' }).click();
    const record = page.getByRole('row').filter({ hasText: 'pause' }).filter({ hasText: 'metrics' });
    await record.first().waitFor();
    expect(await record.first().innerText()).toContain('newcomer');
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByText(/records are as they were written/).waitFor();
    expect(await opened.axe()).toEqual([]);
    await takePicture(page, 'audit');

    for (const name of ['Trouble', 'Hosts', 'Schedules', 'Plugins', 'Secrets', 'Access', 'Logs', 'Connectors']) {
      await page.getByRole('link', { name, exact: true }).click();
      await page.getByRole('heading', { name, level: 1 }).waitFor();
      await eventually(
        () => page.getByText(/^Loading /).count(),
        (count) => count === 0,
      );
      expect([name, await opened.axe()]).toEqual([name, []]);
    }
    await takePicture(page, 'connectors');
    expect(await opened.complaints()).toEqual([]);
  });
});
