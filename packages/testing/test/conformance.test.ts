import { describe, expect, it } from '@jest/globals';
import { action, ConnectorAdapter } from '@automate/sdk';
import type { AdapterClass } from '@automate/sdk/runtime';
import { conformance } from '@automate/testing';
import type { ConformanceOptions } from '@automate/testing';
import { z } from 'zod';
import MyServiceAdapter from './my-service-adapter.ts';

class Weather extends ConnectorAdapter {
  readonly name: string = 'weather';
  readonly version: string = '1.0.0';
  override readonly capabilities = { webhooks: true };
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

  async connect(): Promise<boolean> {
    await this.context.http.request({ path: '/' });
    return true;
  }
}

const packageJson = {
  engines: { automate: '^1.0.0' },
  keywords: ['automate-connector'],
  automate: { connectors: { weather: './dist/weather.js' } },
};

conformance(MyServiceAdapter);
conformance(Weather, { config: { host: 'weather.example' }, settings: { units: 'metric' }, packageJson });

/** The titles of the rules that a connector breaks. */
async function broken(adapterClass: AdapterClass, options: ConformanceOptions = {}): Promise<readonly string[]> {
  const tests: { readonly title: string; readonly body: () => Promise<void> }[] = [];
  conformance(adapterClass, options, {
    describe: (_title, body) => body(),
    it: (title, body) => tests.push({ title, body }),
  });
  const titles: string[] = [];
  for (const { title, body } of tests) await body().catch(() => void titles.push(title));
  return titles;
}

const endpoint: ConformanceOptions = { config: { host: 'weather.example' } };

describe('a connector that breaks a rule is found out:', () => {
  it('another name than its kind', async () => {
    expect(await broken(Weather, { kind: 'climate' })).toEqual(['can be described']);
  });

  it('a name that is no name of a kind', async () => {
    class Named extends Weather {
      override readonly name = 'My-Weather';
    }
    expect(await broken(Named, { config: { ...endpoint.config, kind: 'weather' } })).toEqual([
      'is named as its kind, and its kind is a name',
    ]);
  });

  it('no readable version', async () => {
    class Version extends Weather {
      override readonly version = 'v1';
    }
    expect(await broken(Version, endpoint)).toEqual(['has a version that semver can read']);
  });

  it('an action that is hardly described, and one that contradicts itself', async () => {
    class Terse extends Weather {
      override readonly actions = {
        forecast: { ...new Weather().actions.forecast, description: 'x', idempotent: false },
      };
    }
    expect(await broken(Terse, endpoint)).toEqual([
      'describes every action in words',
      'marks actions without side effects as idempotent',
    ]);
  });

  it('a JSON Schema that is none', async () => {
    const schema = z.object({});
    class Schema extends Weather {
      override readonly actions = {
        forecast: {
          ...new Weather().actions.forecast,
          input: { schema, jsonSchema: { type: 'objekt', required: 'city' } },
        },
      };
    }
    expect(await broken(Schema, endpoint)).toContain('has sound JSON Schemas, objects for inputs and settings');
  });

  it('a schema with a transform', async () => {
    class Transforming extends Weather {
      override readonly configSchema = z.object({ units: z.date() }) as never;
    }
    expect(await broken(Transforming, endpoint)).toEqual(['can be described']);
  });

  it('a manifest without this kind', async () => {
    expect(
      await broken(Weather, { ...endpoint, packageJson: { ...packageJson, automate: { connectors: {} } } }),
    ).toEqual(['is declared in its package.json as it is']);
  });

  it('connected although nothing answers', async () => {
    class Optimist extends Weather {
      override async connect(): Promise<boolean> {
        return true;
      }
    }
    expect(await broken(Optimist, endpoint)).toEqual([
      'says that it is not connected when nothing answers at its endpoint',
      'reports its health in time, in words',
    ]);
  });

  it('a connection check that fails of itself', async () => {
    class Clumsy extends Weather {
      override async connect(): Promise<boolean> {
        throw new TypeError('undefined is not a function');
      }
    }
    expect(await broken(Clumsy, endpoint)).toEqual([
      'says that it is not connected when nothing answers at its endpoint',
    ]);
  });

  it('a webhook believed unsigned', async () => {
    class Credulous extends Weather {
      override verifyWebhook(): boolean {
        return true;
      }
    }
    expect(await broken(Credulous, endpoint)).toEqual(['does not believe a webhook that nobody signed']);
  });

  it('secrets in its configuration and its data', async () => {
    class Leaky extends Weather {
      override getConfig() {
        return this.context.profile as never;
      }
      override redact<T>(data: T): T {
        return data;
      }
    }
    expect(await broken(Leaky, endpoint)).toEqual(['takes secrets out of data: by key and by value']);
    class Leakier extends Leaky {
      override getConfig() {
        return { token: this.context.config.auth.token?.reveal() } as never;
      }
    }
    expect(await broken(Leakier, endpoint)).toContain('shows no secret of its configuration');
  });

  it('errors that are none', async () => {
    class Careless extends Weather {
      override normalizeError(error: unknown): never {
        return error as never;
      }
    }
    expect(await broken(Careless, endpoint)).toEqual(['makes a connector error of anything thrown']);
  });

  it('closing twice', async () => {
    class Once extends Weather {
      #closed = false;
      override close(): void {
        if (this.#closed) throw new Error('already closed');
        this.#closed = true;
      }
    }
    expect(await broken(Once, endpoint)).toEqual(['closes, also twice and without having connected']);
  });

  it('settings that the test gives wrongly, or that it accepts wrongly', async () => {
    expect(await broken(Weather, { ...endpoint, settings: { units: 'cubits' } })).toContain(
      'accepts the settings it is tested with',
    );
    class Lenient extends Weather {
      override async validateConfig() {
        return { ok: true, errors: [] };
      }
    }
    expect(await broken(Lenient, endpoint)).toEqual(['refuses wrong settings and says where']);
  });

  it('no adapter at all', async () => {
    expect(await broken(class {} as never)).toEqual(['can be described']);
  });
});
