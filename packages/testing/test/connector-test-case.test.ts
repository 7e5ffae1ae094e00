import { describe, expect, it } from '@jest/globals';
import { action, ConnectorAdapter } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';
import { ConnectorTestCase, FakeService } from '@automate/testing';
import { z } from 'zod';
import MyServiceAdapter from './my-service-adapter.ts';

class TestMyServiceAdapter extends ConnectorTestCase {
  adapterClass = MyServiceAdapter;

  async testConnect() {
    const adapter = await this.getAdapter();
    expect(await adapter.connect()).toBe(true);
  }

  async testSendMessage() {
    const adapter = await this.getAdapter();
    const result = await adapter.execute('send_message', { text: 'Hello' });
    expect(result).toMatchObject({ status: 'sent' });
  }

  async test_unknown_actions_are_reported() {
    const adapter = await this.getAdapter();
    await expect(adapter.execute('nope', {})).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      message: 'Unknown action: nope',
    });
  }
}

TestMyServiceAdapter.register();

class WeatherAdapter extends ConnectorAdapter {
  readonly name = 'weather';
  readonly version = '1.0.0';
  override readonly configSchema = z.strictObject({ units: z.enum(['metric', 'imperial']).default('metric') });
  override readonly actions = {
    forecast: action({
      description: 'The forecast for a city.',
      input: z.object({ city: z.string() }),
      sideEffects: false,
      idempotent: true,
      run: ({ city }, { http }) => http.json({ path: '/forecast', query: { city } }),
    }),
  };
  closed = 0;
  greeting = '';

  override initialize(context: ConnectorContext): void {
    this.greeting = `${context.id} in ${JSON.stringify(context.settings['units'])}`;
  }

  async connect(): Promise<boolean> {
    await this.context.http.request({ path: '/' });
    return true;
  }

  override close(): void {
    this.closed += 1;
  }

  get endpointSeen(): string {
    return this.getEndpoint();
  }
}

class WeatherTests extends ConnectorTestCase {
  adapterClass = WeatherAdapter;
  settings = { units: 'metric' };
  config = { auth: { type: 'bearer' as const } };
  secrets = { token: 'from-the-profile' };
  service: FakeService | undefined;

  async setUp() {
    this.service = this.use(await FakeService.start());
    this.service.on('GET', '/forecast', { json: { sky: 'clear' } });
  }

  async testCallsNeedNoContext() {
    const { endpoint, requests, url } = this.service!;
    const adapter = await this.getAdapter({ config: endpoint });
    expect(adapter.greeting).toBe('test in "metric"');
    expect(adapter.endpointSeen).toBe(url);
    expect(await adapter.execute('forecast', { city: 'Bern' })).toEqual({ sky: 'clear' });
    await expect(adapter.healthCheck()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(requests[0]?.headers['authorization']).toBe('Bearer from-the-profile');
  }
}

WeatherTests.register();

/** Collects what a test case registers, to be run by hand. */
function collect(): {
  readonly tests: Map<string, () => Promise<void>>;
  readonly runner: Parameters<typeof TestMyServiceAdapter.register>[0];
} {
  const tests = new Map<string, () => Promise<void>>();
  return { tests, runner: { describe: (_title, body) => body(), it: (title, body) => tests.set(title, body) } };
}

describe('a connector test case', () => {
  it('makes a test of every method that begins with test, titled in words', () => {
    const { tests, runner } = collect();
    TestMyServiceAdapter.register(runner);
    expect([...tests.keys()]).toEqual(['connect', 'send message', 'unknown actions are reported']);
  });

  it('runs inherited tests too, those of the base class first', () => {
    class More extends TestMyServiceAdapter {
      testMore() {
        expect(this.adapterClass).toBe(MyServiceAdapter);
      }
    }
    const { tests, runner } = collect();
    More.register(runner);
    expect([...tests.keys()]).toEqual(['connect', 'send message', 'unknown actions are reported', 'more']);
  });

  it('closes every adapter after its test, also when the test failed', async () => {
    const adapters: WeatherAdapter[] = [];
    class Failing extends ConnectorTestCase {
      adapterClass = WeatherAdapter;
      async testFails() {
        adapters.push(await this.getAdapter(), await this.getAdapter());
        throw new Error('on purpose');
      }
    }
    const { tests, runner } = collect();
    Failing.register(runner);
    await expect(tests.get('fails')?.()).rejects.toThrow('on purpose');
    expect(adapters.map(({ closed }) => closed)).toEqual([1, 1]);
  });

  it('tears down after a failure and reports both', async () => {
    class Twice extends ConnectorTestCase {
      adapterClass = WeatherAdapter;
      testFails() {
        throw new Error('first');
      }
      tearDown() {
        throw new Error('second');
      }
    }
    const { tests, runner } = collect();
    Twice.register(runner);
    await expect(tests.get('fails')?.()).rejects.toMatchObject({
      errors: [{ message: 'first' }, { message: 'second' }],
    });
  });

  it('refuses to be registered without a test or without an adapter', () => {
    class Empty extends ConnectorTestCase {
      adapterClass = MyServiceAdapter;
    }
    class Bare extends ConnectorTestCase {
      testNothing() {}
    }
    expect(() => Empty.register()).toThrow('Empty has no method that begins with "test"');
    expect(() => Bare.register()).toThrow(
      "Bare needs a field adapterClass that holds its adapter's class; it has none",
    );
  });

  it('takes what the class itself declares', async () => {
    class Shared extends ConnectorTestCase {
      static adapterClass = MyServiceAdapter;
      static config = { id: 'shared' };
      async testShared() {
        const adapter = await this.getAdapter();
        expect(adapter.getConfig().id).toBe('shared');
      }
    }
    const { tests, runner } = collect();
    Shared.register(runner);
    await tests.get('shared')?.();
    expect.assertions(1);
  });

  it("says which of the test's settings are wrong", async () => {
    class Wrong extends ConnectorTestCase {
      adapterClass = WeatherAdapter;
      settings = { units: 'cubits' };
      async testStart() {
        await this.getAdapter();
      }
    }
    const { tests, runner } = collect();
    Wrong.register(runner);
    await expect(tests.get('start')?.()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ path: 'settings.units' }],
    });
  });
});
