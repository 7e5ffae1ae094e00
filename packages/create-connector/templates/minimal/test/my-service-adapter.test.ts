import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConnectorError } from '@automate/sdk';
import { conformance, ConnectorTestCase } from '@automate/testing';
import packageJson from '../package.json' with { type: 'json' };
import MyServiceAdapter from '../src/my-service-adapter.ts';

// What every connector must do.
conformance(MyServiceAdapter, { packageJson }, { describe, it });

class MyServiceAdapterTests extends ConnectorTestCase {
  adapterClass = MyServiceAdapter;

  async testConnect() {
    const adapter = await this.getAdapter();
    assert.equal(await adapter.connect(), true);
  }

  async testSendMessage() {
    const adapter = await this.getAdapter();
    assert.deepEqual(await adapter.execute('send_message', { text: 'Hello' }), { status: 'sent', text: 'Hello' });
  }

  async testNothingToSendIsTheCallersMistake() {
    const adapter = await this.getAdapter();
    await assert.rejects(
      adapter.execute('send_message', {}),
      (error) => ConnectorError.is(error) && error.code === 'INVALID_INPUT',
    );
  }
}

MyServiceAdapterTests.register({ describe, it });
