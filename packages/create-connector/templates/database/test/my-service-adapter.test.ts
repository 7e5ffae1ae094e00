import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ConnectorError } from '@automate/sdk';
import { conformance, ConnectorTestCase } from '@automate/testing';
import packageJson from '../package.json' with { type: 'json' };
import MyServiceAdapter from '../src/my-service-adapter.ts';
import { startDatabase } from './start-database.ts';

// What every connector must do. Nothing is sent to this host.
conformance(MyServiceAdapter, { config: { host: 'db.example.com' }, packageJson }, { describe, it });

let database: Awaited<ReturnType<typeof startDatabase>>;

before(async () => {
  database = await startDatabase();
});

after(() => database.close());

class MyServiceAdapterTests extends ConnectorTestCase {
  adapterClass = MyServiceAdapter;

  async #start() {
    await database.empty();
    return this.getAdapter({ config: database.config });
  }

  async testConnect() {
    const adapter = await this.#start();
    assert.equal(await adapter.connect(), true);
  }

  async testItemsAreFoundByAPartOfTheirName() {
    const adapter = await this.#start();
    for (const name of ['red chair', 'blue chair', "table'; DROP TABLE items; --"]) {
      await adapter.execute('add_item', { name });
    }
    const chairs = [
      { id: 1, name: 'red chair' },
      { id: 2, name: 'blue chair' },
    ];
    assert.deepEqual(await adapter.execute('find_items', { text: 'chair' }), { items: chairs });
    assert.deepEqual(await adapter.execute('find_items', { text: 'chair', after: 1, limit: 1 }), {
      items: chairs.slice(1),
    });
    assert.deepEqual(await adapter.execute('find_items', { text: "'; DROP" }), {
      items: [{ id: 3, name: "table'; DROP TABLE items; --" }],
    });
  }

  async testANameThatIsTaken() {
    const adapter = await this.#start();
    await adapter.execute('add_item', { name: 'red chair' });
    await assert.rejects(
      adapter.execute('add_item', { name: 'red chair' }),
      (error) => ConnectorError.is(error) && error.code === 'ALREADY_EXISTS' && error.effect === 'none',
    );
  }
}

MyServiceAdapterTests.register({ describe, it });
