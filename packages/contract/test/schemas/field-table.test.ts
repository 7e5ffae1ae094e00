import { describe, expect, it } from '@jest/globals';
import { AUTH_TYPES } from '@automate/contract';
import type { Problem } from '@automate/contract';
import {
  configFromMessage,
  configInputFromMessage,
  configToMessage,
  CONNECTORS_SERVICE,
} from '@automate/contract/grpc';
import {
  CONNECTOR_FIELDS,
  connectorConfigJsonSchema,
  fromWireConfig,
  locateField,
  parseConnectorConfig,
  rowsOf,
  toWireConfig,
  wireName,
} from '@automate/contract/schemas';
import type { Fields } from '@automate/contract/schemas';
import { create } from '@bufbuild/protobuf';
import type { DescMessage } from '@bufbuild/protobuf';
import { sampleConfig } from '../fixtures/sample-config.ts';

/** Every way in the file to a key, with the row of it. */
function waysOf(fields: Fields, above: readonly string[] = []): readonly (readonly string[])[] {
  return rowsOf(fields).flatMap(([name, row]) => {
    const way = [...above, wireName(name, row)];
    const below = row.kind === 'section' ? way : [...way, 'a.name'];
    return [way, ...('fields' in row ? waysOf(row.fields, below) : [])];
  });
}

describe.each(AUTH_TYPES)('a configuration in which every key stands, with auth of the type %s', (type) => {
  const wire = sampleConfig(type);

  it('is valid, and comes back from the port as it was written', () => {
    expect(parseConnectorConfig(wire, { from: 'caller' })).toMatchObject({ ok: true });
    expect(toWireConfig(fromWireConfig(wire))).toStrictEqual(wire);
  });

  it('travels as a message, and nothing of it is lost', () => {
    const problems: Problem[] = [];
    const { output, responseSerialize, responseDeserialize } = CONNECTORS_SERVICE.getConnector;
    const sent = create(output, { config: configToMessage(fromWireConfig(wire), problems) });
    const message = responseDeserialize(responseSerialize(sent)).config!;
    expect(problems).toEqual([]);
    expect(toWireConfig(configInputFromMessage(message))).toStrictEqual(wire);
    const parsed = parseConnectorConfig(wire);
    expect(configFromMessage(message, problems)).toStrictEqual(parsed.ok && parsed.config);
  });
});

describe('the table of keys', () => {
  it('has a row for every field of the messages, and no other', () => {
    const check = (fields: Fields, schema: DescMessage): void => {
      expect(
        rowsOf(fields)
          .map(([name]) => name)
          .toSorted(),
      ).toEqual(schema.fields.map((field) => field.localName).toSorted());
      for (const [name, row] of rowsOf(fields))
        if ('fields' in row) check(row.fields, schema.field[name]?.message as DescMessage);
    };
    check(CONNECTOR_FIELDS, CONNECTORS_SERVICE.registerConnector.input.field['config']?.message as DescMessage);
  });

  it('gives editors and requests each key, and finds each by its way in the file', () => {
    for (const way of waysOf(CONNECTOR_FIELDS)) {
      const schema = way.reduce<unknown>((at, step) => {
        const { properties, additionalProperties } = (at ?? {}) as Record<string, Record<string, unknown>>;
        return properties?.[step] ?? additionalProperties;
      }, connectorConfigJsonSchema());
      expect(schema).toBeDefined();
      expect(locateField(way).row).toBeDefined();
    }
    expect(locateField(['health_check', 'interval']).path).toEqual(['healthCheck', 'intervalMs']);
    expect(locateField(['settings', 'health_check']).path).toEqual(['settings', 'health_check']);
    expect(locateField(['healthCheck']).row).toBeUndefined();
  });
});
