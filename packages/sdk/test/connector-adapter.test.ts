// Long: every member of the adapter in one place, in the order of its documentation, over one fixture that they share.
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { JsonObject, JsonValue } from '@automate/contract';
import { FakeService } from '@automate/testing';
import { z } from 'zod';
import { action } from '../src/action.ts';
import { ConnectorAdapter } from '../src/connector-adapter.ts';
import type { ConnectorContext } from '../src/connector-context.ts';
import { attachContext, checkHealth } from '../src/runtime/index.ts';
import type { OpenedHttp, OpenOptions } from './open-http.ts';
import { openHttp, rejection } from './open-http.ts';

class Weather extends ConnectorAdapter {
  readonly name = 'weather';
  readonly version = '1.0.0';
  override readonly configSchema = z.strictObject({
    units: z.enum(['metric', 'imperial']).default('metric'),
    pin: z.string().min(4).optional().meta({ writeOnly: true }),
  });
  readonly forecastRun = jest.fn((input: { readonly city: string; readonly days: number }) => ({
    sky: 'clear',
    ...input,
  }));
  override readonly actions = {
    forecast: action({
      description: 'The forecast for a city.',
      input: z.strictObject({ city: z.string().min(1), days: z.int().max(7).default(1) }),
      output: z.object({ sky: z.string(), city: z.string(), days: z.number() }),
      sideEffects: false,
      idempotent: true,
      run: (input) => this.forecastRun(input),
    }),
    nothing: action({
      description: 'Answers nothing.',
      input: z.object({}),
      sideEffects: false,
      idempotent: true,
      run: () => undefined,
    }),
    broken: action({
      description: 'Answers what it did not promise.',
      input: z.object({}),
      output: z.object({ ok: z.boolean() }),
      sideEffects: false,
      idempotent: true,
      run: () => JSON.parse('{"ok":"yes"}') as { ok: boolean },
    }),
  };
  reachable = true;

  async connect(): Promise<boolean> {
    return this.reachable;
  }

  contextNow(): ConnectorContext {
    return this.context;
  }
}

const opened: OpenedHttp[] = [];

afterEach(() => {
  for (const remote of opened.splice(0)) remote.close();
});

function start<A extends ConnectorAdapter>(
  adapter: A,
  options: OpenOptions = {},
): { readonly adapter: A; readonly remote: OpenedHttp } {
  const remote = openHttp(options);
  opened.push(remote);
  attachContext(adapter, remote.context);
  return { adapter, remote };
}

describe('the declarative form', () => {
  it('checks the payload, fills defaults in, runs the action and checks what comes out', async () => {
    const { adapter, remote } = start(new Weather());
    const result = await adapter.execute('forecast', { city: 'Bern' }, remote.call());
    expect(adapter.forecastRun).toHaveBeenCalledWith({ city: 'Bern', days: 1 });
    expect(result).toEqual({ sky: 'clear', city: 'Bern', days: 1 });
  });

  it('refuses a wrong payload with every problem, and runs nothing', async () => {
    const { adapter, remote } = start(new Weather());
    const error = await rejection(adapter.execute('forecast', { city: 5, days: 9, extra: true }, remote.call()));
    expect(error).toMatchObject({
      code: 'INVALID_INPUT',
      name: 'InvalidInputError',
      problems: [
        { path: 'city', expected: 'string', received: '5' },
        { path: 'days', received: '9' },
        { path: 'extra', expected: 'one of the keys city or days', received: 'the key "extra"' },
      ],
    });
    expect(error.message).toMatch(/^the payload of "forecast" is wrong: city: /);
    expect(adapter.forecastRun).not.toHaveBeenCalled();
  });

  it.each(['sow', 'constructor', '__proto__', 'toString'])(
    'refuses an action that it does not have, %s, and names those it has',
    async (name) => {
      const { adapter, remote } = start(new Weather());
      const error = await rejection(adapter.execute(name, {}, remote.call()));
      expect(error).toMatchObject({ code: 'INVALID_INPUT', name: 'UnknownActionError' });
      expect(error.message).toBe(`"weather" has no action "${name}"; it has: broken, forecast, nothing`);
    },
  );

  it('answers null for nothing', async () => {
    const { adapter, remote } = start(new Weather());
    expect(await adapter.execute('nothing', {}, remote.call())).toBeNull();
  });

  it('blames the plugin for a result that breaks its own promise', async () => {
    const { adapter, remote } = start(new Weather());
    expect(await rejection(adapter.execute('broken', {}, remote.call()))).toMatchObject({
      code: 'INTERNAL_ERROR',
      blame: 'plugin',
      details: { reason: 'output_invalid', action: 'broken' },
    });
  });

  it.each([
    [false, { code: 'INVALID_INPUT', effect: 'none' }],
    [true, { code: 'INTERNAL_ERROR', effect: 'maybe' }],
  ])('loses no member called __proto__ without a word (with side effects: %s)', async (sideEffects, expected) => {
    const rows = z.array(z.record(z.string(), z.json()));
    class Rows extends Weather {
      override readonly actions = {
        rows: action({
          description: 'Gives rows.',
          input: z.object({ name: z.string() }),
          output: z.object({ rows }),
          sideEffects,
          idempotent: false,
          run: ({ name }) => JSON.parse(`{"rows":[{"a":1},{"${name}":2}]}`) as { rows: z.infer<typeof rows> },
        }),
      } as never;
    }
    const { adapter, remote } = start(new Rows());
    expect(await adapter.execute('rows', { name: 'b' }, remote.call())).toEqual({ rows: [{ a: 1 }, { b: 2 }] });
    expect(await rejection(adapter.execute('rows', { name: '__proto__' }, remote.call()))).toMatchObject({
      ...expected,
      blame: 'caller',
      details: { reason: 'reserved_key', path: 'rows.1.__proto__' },
    });
  });

  it('drops no member called __proto__ of a payload without a word', async () => {
    const run = jest.fn(({ fields }: { fields: object }) => Object.keys(fields));
    const declare = (fields: z.ZodType) =>
      ({
        keep: action({
          description: '',
          input: z.object({ fields }),
          sideEffects: true,
          idempotent: false,
          run: run as never,
        }),
      }) as never;
    class Dropping extends Weather {
      override readonly actions = declare(z.record(z.string(), z.string()));
    }
    class Keeping extends Weather {
      override readonly actions = declare(z.any());
    }
    const payload = (): JsonObject => JSON.parse('{"fields":{"a":"1","__proto__":"2"}}') as JsonObject;
    const dropping = start(new Dropping());
    expect(await rejection(dropping.adapter.execute('keep', payload(), dropping.remote.call()))).toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      details: { reason: 'reserved_key' },
      problems: [{ path: 'fields.__proto__', received: 'the reserved name __proto__' }],
    });
    expect(run).not.toHaveBeenCalled();
    const keeping = start(new Keeping());
    expect(await keeping.adapter.execute('keep', payload(), keeping.remote.call())).toEqual(['a', '__proto__']);
  });

  it('may compute its table in a getter', async () => {
    class Computed extends ConnectorAdapter {
      readonly name = 'computed';
      readonly version = '1.0.0';
      override execute = super.execute.bind(this);
      connect = (): boolean => true;
    }
    Object.defineProperty(Computed.prototype, 'actions', { get: () => new Weather().actions });
    const { adapter, remote } = start(new Computed());
    expect(await adapter.execute('forecast', { city: 'Bern' }, remote.call())).toMatchObject({ sky: 'clear' });
  });
});

describe('the short form', () => {
  class Echo extends ConnectorAdapter {
    readonly name = 'echo';
    readonly version = '1.0.0';
    async connect(): Promise<boolean> {
      return true;
    }
    override async execute(name: string, payload: JsonObject): Promise<JsonValue> {
      return { name, payload };
    }
  }

  it('takes any action', async () => {
    expect(await start(new Echo()).adapter.execute('anything', { a: 1 })).toEqual({
      name: 'anything',
      payload: { a: 1 },
    });
  });
});

describe('the context', () => {
  it('is there after the start, also where initialize was overridden', () => {
    class Initialised extends Weather {
      override initialize(): void {}
    }
    const { adapter, remote } = start(new Initialised());
    expect(adapter.contextNow()).toBe(remote.context);
  });

  it('is missed with a sentence that says what to do', () => {
    expect(() => new Weather().contextNow()).toThrow(
      '"weather" used its context before it was started; the plugin\'s author must move that into initialize, connect or an action',
    );
  });

  it('tells endpoint and configuration, without secrets', () => {
    const { adapter } = start(new Weather(), {
      scheme: 'https',
      host: '::1',
      port: 8443,
      basePath: 'api/',
      auth: { type: 'basic', username: 'ann', password: 'hunter-two', headers: { 'X-Tenant': 'tenant-key-1' } },
      secrets: { extra: 'profile-secret' },
      settings: { units: 'metric', pin: 'pin-123456' },
    });
    expect(adapter.getEndpoint()).toBe('https://[::1]:8443/api');
    const config = adapter.getConfig();
    expect(config.auth).toEqual({
      type: 'basic',
      username: 'ann',
      password: '[secret]',
      headers: { 'X-Tenant': '[secret]' },
    });
    for (const secret of ['hunter-two', 'tenant-key-1', 'profile-secret'])
      expect(JSON.stringify(config)).not.toContain(secret);
  });

  it('lets secrets be taken out of data: those of auth, profile and settings', () => {
    const { adapter } = start(new Weather(), {
      auth: { type: 'bearer', token: 'bearer-token-1' },
      secrets: { extra: 'profile-secret' },
      settings: { pin: 'pin-123456' },
    });
    const text = 'bearer-token-1 profile-secret pin-123456 metric';
    expect(adapter.redact({ text, author: 'Ann' })).toEqual({
      text: '[secret] [secret] [secret] metric',
      author: 'Ann',
    });
    expect(adapter.normalizeError(new Error(text)).message).toBe('[secret] [secret] [secret] metric');
  });
});

describe('settings', () => {
  it('are checked against the schema', async () => {
    const adapter = new Weather();
    expect(await adapter.validateConfig({ units: 'metric' })).toEqual({ ok: true, errors: [] });
    const { ok, errors } = await adapter.validateConfig({ units: 'cubits', pin: 'x', more: 1 });
    expect(ok).toBe(false);
    expect(errors.map(({ path }) => path)).toEqual(['units', 'pin', 'more']);
  });
});

describe('health', () => {
  let service: FakeService;

  beforeEach(async () => {
    service = await FakeService.start();
  });

  afterEach(() => service.close());

  it('is a GET on the configured path below the base path', async () => {
    service.on('GET', '/base/-/healthy', { text: 'OK' });
    const { adapter, remote } = start(new Weather(), {
      ...service.endpoint,
      basePath: '/base',
      healthPath: '/-/healthy',
    });
    expect(await checkHealth(adapter, remote.call({ action: 'health' }))).toEqual({
      status: 'healthy',
      message: 'GET /-/healthy answered 200',
      details: { status: 200 },
    });
  });

  it.each([
    [{ status: 503 }, 'UPSTREAM_5XX', 'answered 503'],
    [{ status: 401 }, 'AUTH_FAILED', "the operator must check the connector's auth"],
    [{ drop: 'request' } as const, 'TRANSIENT_NETWORK', 'broke off the connection'],
    [{ drop: 'never' } as const, 'TIMEOUT', 'within', 1000],
  ])('tells in words how it is not well: %j', async (reply, code, words, timeMs = 20_000) => {
    service.on('GET', '/h', reply);
    const { adapter, remote } = start(new Weather(), { ...service.endpoint, healthPath: '/h' });
    const health = await checkHealth(adapter, remote.call({ deadline: Date.now() + timeMs }));
    expect(health).toMatchObject({ status: 'unhealthy', details: { code } });
    expect(health.message).toContain(words);
  });

  it('is connect where no path is configured', async () => {
    const { adapter, remote } = start(new Weather(), service.endpoint);
    expect(await checkHealth(adapter, remote.call())).toEqual({
      status: 'healthy',
      message: `connected to ${service.url}`,
    });
    adapter.reachable = false;
    expect(await checkHealth(adapter, remote.call())).toMatchObject({ status: 'unhealthy' });
    expect(service.requests).toHaveLength(0);
  });

  it('ends in time also where connect does not', async () => {
    class Stuck extends Weather {
      override connect(): Promise<boolean> {
        return new Promise(() => undefined);
      }
    }
    const { adapter, remote } = start(new Stuck());
    expect(await checkHealth(adapter, remote.call({ deadline: Date.now() + 500 }))).toMatchObject({
      status: 'unhealthy',
      details: { code: 'TIMEOUT' },
    });
  });

  it("that makes no sense is the plugin's fault", async () => {
    class Odd extends Weather {
      override async healthCheck(): Promise<never> {
        return 'fine' as never;
      }
    }
    const { adapter, remote } = start(new Odd());
    expect(await checkHealth(adapter, remote.call())).toMatchObject({
      status: 'unhealthy',
      details: { code: 'INTERNAL_ERROR', reason: 'bad_health' },
    });
  });

  it('says nothing secret', async () => {
    class Chatty extends Weather {
      override async healthCheck(): Promise<never> {
        throw new Error('cannot use bearer-token-1');
      }
    }
    const { adapter, remote } = start(new Chatty(), { auth: { type: 'bearer', token: 'bearer-token-1' } });
    expect((await checkHealth(adapter, remote.call())).message).toBe('cannot use [secret]');
  });
});

describe('by default', () => {
  it('no webhook is genuine', () => {
    expect(new Weather().verifyWebhook({}, '')).toBe(false);
  });

  it('closing does nothing, as often as it is asked to', async () => {
    const adapter = new Weather();
    await adapter.close();
    await adapter.close();
  });
});
