import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Schema } from '@cfworker/json-schema';
import { Validator } from '@cfworker/json-schema';

/** OpenClaw's own published schema of its WebSocket protocol. */
interface ProtocolSchema {
  readonly definitions: Readonly<Record<string, Schema>>;
  readonly methods: Readonly<Record<string, { readonly scope: string }>>;
}

const main = createRequire(import.meta.url).resolve('@openclaw/gateway-protocol');
const schema = JSON.parse(readFileSync(new URL('../protocol.schema.json', `file://${main}`), 'utf8')) as ProtocolSchema;

/** What is wrong with a value by one of the protocol's definitions; undefined where nothing is. */
export function violationOf(definition: string, value: unknown): string | undefined {
  const found = schema.definitions[definition];
  if (found === undefined) throw new Error(`the protocol has no definition "${definition}"`);
  // What is sent is JSON, in which undefined does not exist.
  const { valid, errors } = new Validator(found, '2020-12', false).validate(JSON.parse(JSON.stringify(value)));
  if (valid) return undefined;
  return `${definition}: ${errors.map(({ instanceLocation, error }) => `${instanceLocation} ${error}`).join('; ')}`;
}

/** The permission that a method takes, if the protocol knows it. */
export function scopeOf(method: string): string | undefined {
  return schema.methods[method]?.scope;
}
