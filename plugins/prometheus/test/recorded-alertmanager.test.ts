import { RecordedService, startConnector } from '@automate/testing';
import { expect, it } from '@jest/globals';
import AlertmanagerAdapter from '../src/alertmanager-adapter.ts';
import type { RunningServer } from './start-server.ts';
import { startAlertmanager } from './start-alertmanager.ts';

// Where no Alertmanager is installed this is what holds the connector to a real one. Recorded anew with AUTOMATE_RECORDINGS=record.
it('sets, finds and ends silences as a real Alertmanager lets it', async () => {
  let server: RunningServer | undefined;
  const options = {
    file: new URL('recordings/alertmanager.json', import.meta.url),
    upstream: async () => {
      server = await startAlertmanager();
      return new URL(server.url).origin;
    },
    // What is asked is `now` and two hours later.
    varies: ['body.startsAt', 'body.endsAt'],
  };
  try {
    await RecordedService.use(options, async ({ url }) => {
      const auth = { type: 'basic', username: 'ann', password: 'correct horse' } as const;
      const connector = await startConnector(AlertmanagerAdapter, { url: `${url}/am`, config: { auth } });
      await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
      const silence = { matchers: [{ name: 'alertname', value: 'Slow' }], created_by: 'ann', comment: 'known' };
      const id = String((await connector.call('create_silence', { ...silence, duration: '2h' }))['id']);
      await expect(connector.call('list_silences')).resolves.toMatchObject({
        silences: [{ id, state: 'active', comment: 'known', matchers: [{ name: 'alertname', is_equal: true }] }],
      });
      await expect(connector.call('expire_silence', { id })).resolves.toEqual({ expired: true });
      await expect(connector.call('get_silence', { id })).resolves.toMatchObject({ state: 'expired' });
      const unknown = { id: '11111111-1111-4111-8111-111111111111' };
      await expect(connector.call('get_silence', unknown)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await connector.close();
    });
  } finally {
    await server?.close();
  }
});
