import { describe, expect, it } from '@jest/globals';
import { ENTRY, openHost, release, source } from '../fixtures/counting-host.ts';

describe('a kind whose code throws', () => {
  it('is told with the connector that was asked about', async () => {
    await using it = await openHost(ENTRY.replace('one', 'asked'));
    await release(it, { source: source({ atImport: "throw new Error('a broken build');" }) });
    await it.service.rescanPlugins();
    const failed = { code: 'INTERNAL_ERROR', message: expect.stringMatching(/a broken build/) };
    await expect(it.service.describe('asked')).rejects.toMatchObject({ ...failed, connector: 'asked' });
    const registered = it.service.register({ id: 'new', kind: 'counting', settings: { word: 'kept' } });
    await expect(registered).rejects.toMatchObject({ ...failed, connector: 'new' });
  });
});
