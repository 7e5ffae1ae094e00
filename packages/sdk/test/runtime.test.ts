// Long: everything that hosts call, over the adapters of one fixture, so that what they share is written once.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { action, ConnectorAdapter, Secret } from '../src/index.ts';
import type { JsonObject } from '../src/index.ts';
import {
  ADAPTER_PROTOCOL,
  adapterProtocolOf,
  attachContext,
  createCallContext,
  describeAdapter,
  isAdapterClass,
  validateSettings,
} from '../src/runtime/index.ts';
import { openHttp } from './open-http.ts';

class Weather extends ConnectorAdapter {
  readonly name = 'weather';
  readonly version = '1.2.3';
  override readonly title = 'Weather';
  override readonly capabilities = { polling: true };
  override readonly configSchema = z.strictObject({
    units: z.enum(['metric', 'imperial']).default('metric'),
    key: z.string().min(8).meta({ writeOnly: true }),
    places: z.array(z.object({ name: z.string() })).optional(),
  });
  override readonly actions = {
    sow: action({
      description: 'Makes rain.',
      input: z.object({ where: z.string() }),
      sideEffects: true,
      idempotent: false,
      rateLimitClass: 'heavy',
      timeoutMs: 5000,
      run: () => null,
    }),
    forecast: action({
      description: 'The forecast.',
      input: z.object({ city: z.string().default('Bern') }),
      output: z.object({ sky: z.string() }),
      sideEffects: false,
      idempotent: true,
      run: () => ({ sky: 'clear' }),
    }),
  };
  connect(): boolean {
    return true;
  }
}

describe('a description', () => {
  it('holds everything that the host needs to know, as plain data', () => {
    const description = describeAdapter(new Weather(), {
      kind: 'weather',
      packageName: '@acme/weather',
      packageVersion: '4.5.6',
    });
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
    expect(description).toEqual({
      kind: 'weather',
      name: 'weather',
      version: '1.2.3',
      title: 'Weather',
      package: { name: '@acme/weather', version: '4.5.6' },
      capabilities: {
        webhooks: false,
        polling: true,
        batch: false,
        idempotencyKey: false,
        oauth: false,
        rateLimitHeaders: false,
      },
      configSchema: {
        type: 'object',
        properties: {
          units: { type: 'string', enum: ['metric', 'imperial'], default: 'metric' },
          key: { type: 'string', minLength: 8, writeOnly: true },
          places: {
            type: 'array',
            items: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
          },
        },
        required: ['key'],
        additionalProperties: false,
      },
      open: false,
      actions: [
        {
          name: 'forecast',
          description: 'The forecast.',
          input: { type: 'object', properties: { city: { type: 'string', default: 'Bern' } } },
          output: {
            type: 'object',
            properties: { sky: { type: 'string' } },
            required: ['sky'],
            additionalProperties: false,
          },
          sideEffects: false,
          idempotent: true,
        },
        {
          name: 'sow',
          description: 'Makes rain.',
          input: { type: 'object', properties: { where: { type: 'string' } }, required: ['where'] },
          sideEffects: true,
          idempotent: false,
          rateLimitClass: 'heavy',
          timeoutMs: 5000,
        },
      ],
    });
  });

  it('is open for an adapter that overrides execute', () => {
    class Open extends Weather {
      override async execute(): Promise<null> {
        return null;
      }
    }
    expect(describeAdapter(new Open(), { kind: 'weather' }).open).toBe(true);
  });

  it('takes the JSON Schema that stands beside a schema', () => {
    const jsonSchema = { type: 'object', properties: { n: { type: 'number' } } };
    const schema = { '~standard': { version: 1, vendor: 'own', validate: (value: unknown) => ({ value }) } } as const;
    class Paired extends Weather {
      override readonly actions = {
        count: action({
          description: 'Counts.',
          input: { schema, jsonSchema },
          sideEffects: false,
          idempotent: true,
          run: () => 1,
        }),
      } as never;
    }
    expect(describeAdapter(new Paired(), { kind: 'weather' }).actions).toMatchObject([
      { name: 'count', input: jsonSchema },
    ]);
  });

  const sound = new Weather().actions.forecast;

  it.each<[string, string, JsonObject | object]>([
    ['type_mismatch', 'the type of "weather" is "custom", its adapter says "agent"', { type: 'agent' }],
    ['name_mismatch', 'the manifest calls this kind "weather", its adapter calls itself "wether"', { name: 'wether' }],
    ['bad_description', '"weather" has no version', { version: '' }],
    ['bad_action', 'action "Bad-Name" of "weather": a name must match', { actions: { 'Bad-Name': sound } }],
    ['bad_action', 'action "a" of "weather" has no description', { actions: { a: { ...sound, description: ' ' } } }],
    [
      'bad_action',
      'sideEffects must be true or false, got nothing',
      { actions: { a: { ...sound, sideEffects: undefined } } },
    ],
    ['bad_action', 'idempotent must be true or false, got "yes"', { actions: { a: { ...sound, idempotent: 'yes' } } }],
    ['bad_action', 'has no run', { actions: { a: { ...sound, run: undefined } } }],
    ['bad_action', 'has no input schema', { actions: { a: { ...sound, input: undefined } } }],
    ['bad_action', 'timeoutMs must be above 0', { actions: { a: { ...sound, timeoutMs: 0 } } }],
    [
      'schema_not_json',
      'the input of action "a" of "weather" cannot be said as JSON Schema',
      { actions: { a: { ...sound, input: z.object({ d: z.date() }) } } },
    ],
    [
      'schema_not_json',
      'the configSchema of "weather" cannot be said as JSON Schema',
      { configSchema: z.object({ d: z.bigint() }) },
    ],
  ])('is refused where the adapter is put together wrongly: %s, %s', (reason, words, fault) => {
    const adapter = Object.assign(new Weather(), fault);
    const error = thrownBy(() => describeAdapter(adapter, { kind: 'weather', type: 'custom' }));
    expect(error).toMatchObject({ code: 'INTERNAL_ERROR', effect: 'none', details: { reason } });
    expect((error as Error).message).toContain(words);
  });
});

describe('settings', () => {
  it('are told wrong with paths in the words of the file, and without secrets', async () => {
    const problems = await validateSettings(new Weather(), {
      units: 'cubits',
      key: 'tiny',
      places: [{ name: 5 }],
      extra: 1,
    });
    expect(problems.map(({ path, received }) => ({ path, received }))).toEqual([
      { path: 'settings.units', received: '"cubits"' },
      { path: 'settings.key', received: 'a string' },
      { path: 'settings.places[0].name', received: '5' },
      { path: 'settings.extra', received: 'the key "extra"' },
    ]);
    expect(await validateSettings(new Weather(), { key: 'long enough' })).toEqual([]);
  });

  it("may be checked by the adapter itself, with a server's help if need be", async () => {
    class Careful extends Weather {
      override async validateConfig(settings: JsonObject) {
        const base = await super.validateConfig(settings);
        return settings['units'] === 'imperial'
          ? { ok: false, errors: [...base.errors, { path: 'units', message: 'no longer served' }] }
          : base;
      }
    }
    expect(await validateSettings(new Careful(), { key: 'long enough', units: 'imperial' })).toMatchObject([
      { path: 'settings.units', message: 'no longer served', received: '"imperial"' },
    ]);
  });

  it('are refused also where the adapter does not say why', async () => {
    const mute = Object.assign(new Weather(), { validateConfig: () => ({ ok: false, errors: [] }) });
    expect(await validateSettings(mute, {})).toMatchObject([{ path: 'settings' }]);
    const odd = Object.assign(new Weather(), { validateConfig: () => true });
    await expect(validateSettings(odd as never, {})).rejects.toMatchObject({ details: { reason: 'bad_validation' } });
  });
});

describe('an adapter class', () => {
  it('is known by its brand', () => {
    expect(isAdapterClass(Weather)).toBe(true);
    expect(adapterProtocolOf(Weather)).toBe(ADAPTER_PROTOCOL);
    for (const other of [class {}, () => undefined, {}, undefined, null, 'Weather', new Weather()])
      expect(isAdapterClass(other)).toBe(false);
  });

  it('of another protocol is none of ours, and its number can be told', () => {
    class Future {}
    Object.defineProperty(Future, Symbol.for('automate.connector-adapter'), { value: 2 });
    expect(isAdapterClass(Future)).toBe(false);
    expect(adapterProtocolOf(Future)).toBe(2);
  });

  it('of another copy of the SDK works with this one', async () => {
    // The built package is such a copy: it shares no module with the sources that this test imports.
    const folder = await mkdtemp(join(tmpdir(), 'automate-copy-'));
    try {
      const file = join(folder, 'adapter.mjs');
      const sdk = new URL('../dist/index.js', import.meta.url).href;
      await writeFile(
        file,
        `import { ConnectorAdapter, NotFoundError } from ${JSON.stringify(sdk)};
         export default class extends ConnectorAdapter {
           name = 'foreign'; version = '1.0.0';
           actions = { look: { description: 'Looks.', input: { jsonSchema: {}, schema: { '~standard': { version: 1, vendor: 'x', validate: (value) => ({ value }) } } },
             sideEffects: false, idempotent: true, run: () => { throw new NotFoundError(this.context.id); } } };
           connect() { return true; }
         }`,
      );
      const { default: Foreign } = (await import(pathToFileURL(file).href)) as { default: new () => ConnectorAdapter };
      expect(isAdapterClass(Foreign)).toBe(true);
      expect(Foreign.prototype instanceof ConnectorAdapter).toBe(false);
      const adapter = new Foreign();
      expect(describeAdapter(adapter, { kind: 'foreign' })).toMatchObject({ open: false, actions: [{ name: 'look' }] });
      using remote = openHttp({ auth: { type: 'bearer', token: 'bearer-token-1' } });
      attachContext(adapter, remote.context);
      expect(adapter.getConfig().auth).toEqual({ type: 'bearer', token: '[secret]' });
      await expect(adapter.execute('look', {}, remote.call())).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: 'remote',
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the context of a call', () => {
  it('makes its signal when it is first asked for, and only once', () => {
    using remote = openHttp({});
    let made = 0;
    const call = createCallContext(remote.context, {
      action: 'forecast',
      deadline: 5,
      idempotencyKey: 'k',
      signal: () => {
        made += 1;
        return new AbortController().signal;
      },
    });
    expect(call).toMatchObject({
      id: 'remote',
      action: 'forecast',
      deadline: 5,
      idempotencyKey: 'k',
      logger: remote.context.logger,
    });
    expect(made).toBe(0);
    expect(call.signal).toBe(call.signal);
    expect(call.http).toBe(call.http);
    expect(made).toBe(1);
    expect('traceparent' in call).toBe(false);
  });

  it('tells how far the call is also where that was taken from it, as the rest may be', () => {
    using remote = openHttp({});
    const told: unknown[] = [];
    const signal = () => new AbortController().signal;
    const facts = { action: 'forecast', deadline: 5, signal } as const;
    const { progress } = createCallContext(remote.context, { ...facts, onProgress: (now) => void told.push(now) });
    progress({ progress: 1, total: 2 });
    expect(told).toEqual([{ progress: 1, total: 2 }]);
    const { progress: unheard } = createCallContext(remote.context, facts);
    unheard({ progress: 1 });
  });
});

describe('a secret', () => {
  it('shows itself to nobody but who asks for it', async () => {
    const secret = new Secret('hunter-two');
    const { inspect } = await import('node:util');
    const shown = [
      String(secret),
      JSON.stringify({ secret }),
      inspect({ secret }),
      inspect(secret, { showHidden: true }),
      secret.toString(),
      JSON.stringify(Object.entries(secret)),
    ];
    for (const text of shown) expect(text).not.toContain('hunter');
    expect(secret.reveal()).toBe('hunter-two');
    expect(Secret.is(secret)).toBe(true);
    expect(Secret.is({ reveal: () => 'x' })).toBe(false);
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
