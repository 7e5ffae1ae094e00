import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { AUTH_TYPES, isJsonObject } from '@automate/contract';
import type { JsonObject, JsonValue } from '@automate/contract';
import { CONNECTOR_FIELDS, fromWireConfig, rowsOf, toWireConfig, wireName } from '@automate/contract/schemas';
import type { Fields } from '@automate/contract/schemas';
import { sampleConfig } from '../../../packages/contract/test/fixtures/sample-config.ts';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { registerDoors } from './doors.ts';
import { storedIn } from './stored-in.ts';

/** What is stored and shown of a configuration: what the table says is secret has gone into the store of secrets. */
function moved(config: JsonObject, fields: Fields, id: JsonValue, above = ''): JsonObject {
  const entries = rowsOf(fields).flatMap(([name, row]): [string, JsonValue][] => {
    const key = wireName(name, row);
    const value = config[key];
    if (value === undefined) return [];
    const reference = (place: string): string => `secretref://store/connector.${String(id)}/${place}?version=1`;
    if (row.kind === 'section') return [[key, moved(value as JsonObject, row.fields, id, `${above}${key}.`)]];
    if (row.secret !== true) return [[key, value]];
    return [
      [
        key,
        isJsonObject(value)
          ? Object.fromEntries(Object.keys(value).map((entry) => [entry, reference(`${above}${key}.${entry}`)]))
          : reference(`${above}${key}`),
      ],
    ];
  });
  return Object.fromEntries(entries);
}

/** `webhook` is a key for kinds that take webhooks. */
async function echoWithWebhooks(): Promise<string> {
  const source = await readFile(join(import.meta.dirname, '..', 'fixtures', 'connectors', 'echo.js'), 'utf8');
  return source.replace(/^  name = .*$/m, '$&\n  capabilities = { webhooks: true };');
}

it('every key of the table is stored and shown as it was given, with its secrets in the store, at every door', async () => {
  await using it = await SandboxHost.open({
    kinds: [],
    yaml: 'files: { roots: [/] }\nprofiles:\n  shared: { kind: echo }\nconnectors: []\n',
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'echo', source: await echoWithWebhooks() })),
  });
  const { doors, client } = await registerDoors(it);
  const rest = openRestBackend(it.host.httpAddress ?? '');
  const given: JsonObject[] = [];
  for (const [door, register] of Object.entries(doors))
    for (const type of AUTH_TYPES) {
      const config = { ...sampleConfig(type), id: `${door}_${type}` };
      const wanted = moved(config, CONNECTOR_FIELDS, config.id);
      given.push(wanted);
      await register(fromWireConfig(config));
      for (const service of [it.service, client, rest])
        expect(toWireConfig((await service.get(config.id)).config)).toEqual(wanted);
    }
  const byId = (a: JsonObject, b: JsonObject) => (String(a['id']) < String(b['id']) ? -1 : 1);
  expect(storedIn(it.sandbox.root)).toEqual(given.toSorted(byId));
  await client.close();
});
