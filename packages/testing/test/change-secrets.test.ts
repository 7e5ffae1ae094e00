import { expect, it } from '@jest/globals';
import { ConnectorAdapter } from '@automate/sdk';
import type { ConnectorContext, SecretsChanged } from '@automate/sdk';
import { openAdapter, startConnector } from '@automate/testing';
import { FakeService } from '@automate/testing';

class Renewed extends ConnectorAdapter {
  readonly name: string = 'renewed';
  readonly version = '1.0.0';
  readonly told: (readonly string[])[] = [];
  kept: ConnectorContext | undefined;
  override initialize(context: ConnectorContext): void {
    this.kept = context;
  }
  override async connect(): Promise<boolean> {
    await this.context.http.request({ path: '/' });
    return true;
  }
  override onSecretsChanged({ names }: SecretsChanged): void {
    this.told.push(names);
    if (this.context.settings['fail'] === true) throw new Error(`not with ${this.context.config.auth.token?.reveal()}`);
  }
}

it('changes secrets beneath an adapter, in its context and in what its HTTP sends, and tells it which', async () => {
  await using service = await FakeService.start();
  service.on('GET', '/', { headers: { 'content-type': 'application/json' }, text: '{}' });
  const connector = await startConnector(Renewed, {
    url: service.url,
    config: { auth: { type: 'bearer', token: 'token-one' } },
    settings: { a: { b: 1 } },
    secrets: { hook: 'hook-one', gone: 'x' },
  });
  const { adapter } = connector;
  await adapter.connect();
  await expect(connector.changeSecrets({ auth: { type: 'bearer', token: 'token-two' } })).resolves.toEqual([
    'auth.token',
  ]);
  await adapter.connect();
  expect(service.requests.map(({ headers }) => headers['authorization'])).toEqual([
    'Bearer token-one',
    'Bearer token-two',
  ]);
  await connector.changeSecrets({ settings: { a: { b: 2 } }, secrets: { hook: 'hook-two' } });
  await connector.changeSecrets({ settings: { a: { b: 2 } } });
  expect(adapter.told).toEqual([['auth.token'], ['settings.a.b', 'profile.secrets.hook', 'profile.secrets.gone']]);
  expect(adapter.kept?.profile?.secrets['hook']?.reveal()).toBe('hook-two');
  // Those before are kept out of texts as well, since calls under way still use them.
  expect(adapter.redact(['token-two', 'hook-two'])).toEqual(['[secret]', '[secret]']);
  await expect(connector.changeSecrets({ settings: { fail: true } })).rejects.toThrow('not with');
  expect(adapter.normalizeError(new Error('says token-two')).message).toBe('says [secret]');
  await connector.close();
});

it('obtains another access token with another client secret', async () => {
  await using service = await FakeService.start();
  service.on('GET', '/', { headers: { 'content-type': 'application/json' }, text: '{}' });
  service.on('POST', '/token', {
    headers: { 'content-type': 'application/json' },
    text: '{"access_token":"access-one","expires_in":3600}',
  });
  const oauth2 = (clientSecret: string) =>
    ({ type: 'oauth2', tokenUrl: `${service.url}/token`, clientId: 'me', clientSecret }) as const;
  const connector = await startConnector(Renewed, { url: service.url, config: { auth: oauth2('secret-one') } });
  await connector.adapter.connect();
  await connector.adapter.connect();
  await expect(connector.changeSecrets({ auth: oauth2('secret-two') })).resolves.toEqual(['auth.client_secret']);
  await connector.adapter.connect();
  const asked = service.requests
    .filter(({ method }) => method === 'POST')
    .map(({ headers }) => headers['authorization']);
  expect(asked).toEqual(['secret-one', 'secret-two'].map((s) => `Basic ${Buffer.from(`me:${s}`).toString('base64')}`));
  await connector.close();
});

it('calls no hook where nothing is new, or there is none', async () => {
  const same = await openAdapter(Renewed, { secrets: { hook: 'hook-one' } });
  await expect(same.changeSecrets({ secrets: { hook: 'hook-one' } })).resolves.toEqual([]);
  expect(same.adapter.told).toEqual([]);
  await same.close();
});
