import { randomBytes } from 'node:crypto';
import type { ConnectorDescription } from '@automate/contract';
import type { JsonObject, JsonValue } from '@automate/sdk';
import { isJsonObject, isSecretKey } from '@automate/sdk';
import type { TestConfig } from '../open-adapter.ts';
import type { ConformanceOptions } from './conformance-options.ts';
import { validSamples } from './samples.ts';
import type { Opening } from './steps.ts';

/** Milliseconds that a connection may take to come up. */
const START_MS = 1000;

/** A secret that stands nowhere else, so that wherever it is found it was shown. */
export function createCanary(before = ''): string {
  return `${before}canary-${randomBytes(12).toString('hex')}`;
}

/** Ways to start a connector, the likeliest first, and the secrets in them. */
export interface Openings {
  readonly openings: readonly Opening[];
  readonly canaries: readonly string[];
}

/** How a connector of this kind may be started: with what the author gave, every secret replaced by a canary; else with guesses. */
export function planOpenings(description: ConnectorDescription, options: ConformanceOptions): Openings {
  const canaries: string[] = [];
  const canaryLike = (value: string): string => {
    const canary = createCanary(`${value.slice(0, 16)}-`);
    canaries.push(canary);
    return canary;
  };
  const { host: _host, port: _port, auth, ...config } = options.config ?? {};
  const settings = markSettings(options.settings ?? sampleSettings(description), description, canaryLike);
  const secrets = Object.fromEntries(
    Object.entries(options.secrets ?? {}).map(([name, value]) => [name, canaryLike(value)]),
  );
  const auths: readonly TestConfig['auth'][] =
    auth === undefined
      ? [
          { type: 'bearer', token: canaryLike('t'), headers: { 'x-conformance': canaryLike('h') } },
          { type: 'basic', username: 'conformance', password: canaryLike('p') },
          { type: 'none' },
        ]
      : [markAuth(auth, canaryLike)];
  return {
    canaries,
    openings: auths.map((each) => ({
      settings,
      config: {
        ...config,
        // As short as the steps: what waits for a server to speak first gives up before they do.
        limits: { startTimeoutMs: START_MS, ...config.limits },
        ...(each === undefined ? {} : { auth: each }),
      },
      ...(options.secrets === undefined ? {} : { secrets }),
    })),
  };
}

function sampleSettings({ configSchema }: ConnectorDescription): JsonObject {
  if (configSchema === undefined) return {};
  const samples = [...validSamples(configSchema)].filter(isJsonObject);
  return samples.toSorted((a, b) => Object.keys(a).length - Object.keys(b).length)[0] ?? {};
}

/** Replaces secrets of settings: what the schema marks, and what is called like one. */
function markSettings(
  settings: JsonObject,
  { configSchema }: ConnectorDescription,
  canaryLike: (value: string) => string,
): JsonObject {
  const mark = (value: JsonValue, schema: JsonValue | undefined, key: string): JsonValue => {
    const of = isJsonObject(schema) ? schema : {};
    if (typeof value === 'string')
      return of['writeOnly'] === true || isSecretKey(key, 'value') ? canaryLike(value) : value;
    if (!isJsonObject(value)) return value;
    const properties = isJsonObject(of['properties']) ? of['properties'] : {};
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mark(each, properties[name], name)]));
  };
  return mark(settings, configSchema, '') as JsonObject;
}

const SECRET_FIELDS = ['password', 'token', 'apiKey', 'clientSecret'] as const;

function markAuth(auth: NonNullable<TestConfig['auth']>, canaryLike: (value: string) => string): TestConfig['auth'] {
  const marked: Record<string, unknown> = { ...auth };
  for (const field of SECRET_FIELDS) if (auth[field] !== undefined) marked[field] = canaryLike(auth[field]);
  return marked;
}
