import { describe, expect, it } from '@jest/globals';
import { count, entry, ENTRY, infoOf, openHost } from '../fixtures/counting-host.ts';

describe('the status of a connector that was changed', () => {
  it('is that of the one whose place it took, and says so, until it was checked itself', async () => {
    await using it = await openHost();
    await it.service.healthCheck('one');
    const statuses: string[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const event of it.service.watch({ signal: stop.signal }))
        if ('connector' in event) statuses.push(event.connector.status);
    })();
    await it.writeConfig(entry(', style: other'));
    await expect(it.host.reload()).resolves.toMatchObject({ updated: ['one'] });
    const { one } = await it.service.healthCheckAll({ cached: true });
    expect(one).toMatchObject({ status: 'healthy', message: expect.stringMatching(/not checked since/) });
    await it.service.healthCheck('one');
    expect((await it.service.healthCheckAll({ cached: true }))['one']?.message).not.toMatch(/since/);
    stop.abort();
    await watching;
    expect(new Set(statuses)).toEqual(new Set(['healthy']));
  });

  it('is healthy as soon as it connects, where the former was not well', async () => {
    await using it = await openHost(entry(', unreachable: true'));
    await it.service.healthCheck('one');
    expect(await infoOf(it)).toMatchObject({ status: 'unhealthy' });
    await it.writeConfig(ENTRY);
    await it.host.reload();
    expect(await infoOf(it)).toMatchObject({
      status: 'unhealthy',
      lastError: expect.stringMatching(/before it was changed/),
    });
    await count(it);
    expect(await infoOf(it)).toMatchObject({ status: 'healthy', lastError: '' });
  });

  it('is forgotten where it was removed or disabled meanwhile', async () => {
    await using it = await openHost();
    for (const between of ['connectors: []\n', ENTRY.replace('kind: counting', 'kind: counting, enabled: false')]) {
      await it.service.healthCheck('one');
      await it.writeConfig(between);
      await it.host.reload();
      await it.writeConfig(ENTRY);
      await it.host.reload();
      expect(await infoOf(it)).toMatchObject({ status: 'unknown' });
    }
  });
});
