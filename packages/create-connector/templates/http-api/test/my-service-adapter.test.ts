import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConnectorError } from '@automate/sdk';
import { conformance, ConnectorTestCase, FakeService, openAdapter } from '@automate/testing';
import packageJson from '../package.json' with { type: 'json' };
import MyServiceAdapter from '../src/my-service-adapter.ts';

// What every connector must do. Nothing is sent to this host.
conformance(MyServiceAdapter, { config: { host: 'api.example.com' }, packageJson }, { describe, it });

const ITEM = { id: '1', name: 'First' };

class MyServiceAdapterTests extends ConnectorTestCase {
  adapterClass = MyServiceAdapter;
  settings = { page_size: 50 };
  secrets = { token: 'a-token-for-tests' };

  /** A service that answers as it is told, on a port of this machine, and an adapter that talks to it. */
  async #start() {
    const service = this.use(await FakeService.start());
    const config = { ...service.endpoint, auth: { type: 'bearer' as const } };
    return { service, config, adapter: await this.getAdapter({ config }) };
  }

  async testConnectAsksWithTheCredentials() {
    const { service, adapter } = await this.#start();
    service.on('GET', '/items', { json: { items: [] } });
    assert.equal(await adapter.connect(), true);
    assert.equal(service.requests[0]?.headers['authorization'], 'Bearer a-token-for-tests');
  }

  async testRefusedCredentialsAreTheOperators() {
    const { service, adapter } = await this.#start();
    service.on('GET', '/items', { status: 401, json: {} });
    await assert.rejects(adapter.connect(), hasCode('AUTH_FAILED'));
  }

  async testListItemsTakesThePageSizeOfTheSettings() {
    const { service, adapter } = await this.#start();
    service.on('GET', '/items', { json: { items: [ITEM], next_cursor: 'c2' } });
    assert.deepEqual(await adapter.execute('list_items', {}), { items: [ITEM], next_cursor: 'c2' });
    assert.equal(service.requests[0]?.query.get('limit'), '50');
  }

  async testGetItemEncodesTheId() {
    const { service, adapter } = await this.#start();
    service.on('GET', '/items/a%2Fb', { json: { id: 'a/b', name: 'Odd' } });
    assert.deepEqual(await adapter.execute('get_item', { id: 'a/b' }), { id: 'a/b', name: 'Odd' });
  }

  async testAnItemThatIsNotThere() {
    const { service, adapter } = await this.#start();
    service.on('GET', '/items/2', { status: 404, json: { error: 'no such item' } });
    await assert.rejects(adapter.execute('get_item', { id: '2' }), hasCode('NOT_FOUND'));
  }

  async testCreateItemPassesTheCallersKeyOn() {
    const { service, config } = await this.#start();
    service.on('POST', '/items', { json: ITEM });
    const opened = this.use(await openAdapter(MyServiceAdapter, { config, secrets: this.secrets }));
    const call = opened.call('create_item', { idempotencyKey: 'key-1' });
    await opened.adapter.execute('create_item', { name: 'First' }, call);
    const [request] = service.requests;
    assert.deepEqual(request?.json(), { name: 'First' });
    assert.equal(request?.headers['idempotency-key'], 'key-1');
  }
}

function hasCode(code: string) {
  return (error: unknown): boolean => ConnectorError.is(error) && error.code === code;
}

MyServiceAdapterTests.register({ describe, it });
