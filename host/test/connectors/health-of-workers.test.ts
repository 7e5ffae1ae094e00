import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { entry, infoOf, openHost, source } from '../fixtures/counting-host.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { until } from '../runtime/support.ts';

const BLOCKING = `
import { readFileSync } from 'node:fs';
import { ConnectorAdapter } from '@automate/sdk';
export default class Blocking extends ConnectorAdapter {
  name = 'blocking';
  version = '1.0.0';
  unwell = '';
  async connect() { return true; }
  async healthCheck() {
    return this.unwell === '' ? { status: 'healthy', message: 'all is well' } : { status: 'unhealthy', message: this.unwell };
  }
  async execute(action, { path, word }) {
    if (action === 'block') readFileSync(path);
    if (action === 'fall_ill') this.unwell = word;
    return action;
  }
}
`;

it('a worker that keeps dying is unhealthy, however well it was found', async () => {
  await using host = await openHost(
    entry().replace('kind: counting', 'kind: counting, health_check: { enabled: false }'),
  );
  await expect(host.service.healthCheck('one')).resolves.toMatchObject({ healthy: true });
  // Each another call: one that ends its worker again and again is refused.
  for (let [reason, n]: [unknown, number] = [undefined, 0]; reason !== 'quarantined'; n += 1)
    await host.service
      .execute({ id: 'one', action: 'die', payload: { n } })
      .catch(({ details }: { details?: { reason?: unknown } }) => {
        reason = details?.reason;
      });
  await expect(infoOf(host)).resolves.toMatchObject({
    status: 'unhealthy',
    lastError: expect.stringMatching(/^worker not running|^worker dead/),
  });
  expect((await host.service.healthCheckAll({ cached: true }))['one']).toMatchObject({ healthy: false });
});

it('a worker whose earlier threads are blocked is unhealthy for as long as they are, whatever else is wrong', async () => {
  await using host = await SandboxHost.open({
    kinds: [],
    serve: false,
    yaml: `connectors: [{ id: one, kind: blocking, limits: { timeout: 300ms }, retry: { attempts: 1 } }]\n`,
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'blocking', source: BLOCKING })),
  });
  const path = join(host.sandbox.root, 'pipe');
  execFileSync('mkfifo', [path]);
  // Whoever reads a pipe waits for somebody to open it for writing; its thread is blocked until then.
  const release = (): void => closeSync(openSync(path, 'r+'));
  const check = () => host.service.healthCheck('one');
  try {
    await expect(check()).resolves.toMatchObject({ healthy: true });
    await expect(host.service.execute({ id: 'one', action: 'block', payload: { path } })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    await until('its thread is given up', () => host.logText.includes('blocked outside JavaScript'));
    await expect(check()).resolves.toMatchObject({
      status: 'unhealthy',
      blame: 'operator',
      message: expect.stringMatching(/^worker blocked: 1 of its earlier threads/),
    });
    await host.service.execute({ id: 'one', action: 'fall_ill', payload: { word: 'the flu' } });
    await expect(check()).resolves.toMatchObject({
      blame: 'remote',
      message: expect.stringMatching(/^the flu; worker blocked: 1 /),
    });
    await host.service.execute({ id: 'one', action: 'fall_ill', payload: { word: '' } });
  } finally {
    release();
  }
  let message: string | undefined = 'worker blocked';
  while (message?.includes('worker blocked')) ({ message } = await check());
  expect(message).toBe('all is well');
});

it('a connector of the file whose kind does not speak HTTP is not asked for a path: it does not start, and says so', async () => {
  await using host = await SandboxHost.open({
    kinds: [],
    serve: false,
    yaml: `connectors: [{ id: one, kind: counting, host: localhost, health_check: { path: /ok } }]\n`,
    prepare: async (sandbox) =>
      void (await sandbox.addConnector({ kind: 'counting', source: source(), manifest: { scheme: 'tcp' } })),
  });
  await expect(host.service.execute({ id: 'one', action: 'count' })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/"one" cannot start: health_check\.path/),
    problems: [expect.objectContaining({ path: 'health_check.path' })],
  });
  await expect(host.service.healthCheck('one')).resolves.toMatchObject({
    healthy: false,
    message: expect.stringMatching(/^configuration invalid: .*health_check\.path/),
  });
});
