import { create, ScalarType } from '@bufbuild/protobuf';
import type { DescField, DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import type { ConnectorConfig, ConnectorConfigInput } from '../../config-types.ts';
import { CONNECTOR_FIELDS, DEFAULT_SCHEME, mapValues, rowsOf, wireName } from '../../field-table.ts';
import type { Fields } from '../../field-table.ts';
import { fillDefaults } from '../../fill-defaults.ts';
import { ConnectorConfigSchema } from '../../gen/connectors/connectors_pb.ts';
import type { ConnectorConfig as ConfigMessage } from '../../gen/connectors/connectors_pb.ts';
import { appendPath } from '../../problem-path.ts';
import { numberOf, wordOf } from './words.ts';
import type { Problems } from './words.ts';
import { withoutUndefined } from './without-undefined.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * A configuration as a message, full or as a caller gives it. What the message cannot carry becomes a problem: an
 * unknown word, a number with a fraction, and 0 where the message's 0 stands for the default.
 */
export function configToMessage(config: ConnectorConfigInput, problems: Problems): ConfigMessage {
  // The kind is always written: where it is empty `metadata["kind"]` decides, which only old clients mean.
  const given = { ...config, kind: config.kind ?? config.id };
  const init = writeSection(given, { fields: CONNECTOR_FIELDS, schema: ConnectorConfigSchema, path: '', problems });
  return create(ConnectorConfigSchema, init as MessageInitShape<typeof ConnectorConfigSchema>);
}

interface Section {
  readonly fields: Fields;
  readonly schema: DescMessage;
  readonly path: string;
  readonly problems: Problems;
}

function writeSection(values: Values, { fields, schema, path: above, problems }: Section): object {
  const entries = rowsOf(fields).flatMap(([name, row]): [string, unknown][] => {
    const field = fieldOf(schema, name);
    const path = appendPath(above, wireName(name, row));
    // A message takes a flag that is absent for false.
    const value = values[name] ?? (row.kind === 'flag' && isImplicit(field) ? row.fallback : undefined);
    if (value === undefined) return [];
    if (row.kind === 'section' && field.message !== undefined)
      return [[name, writeSection(value as Values, { fields: row.fields, schema: field.message, path, problems })]];
    if (row.kind === 'sections' && field.message !== undefined) {
      const { message } = field;
      const each = Object.entries(value as object).map(([key, section]: [string, Values]) => {
        const below = { fields: row.fields, schema: message, path: appendPath(path, key), problems };
        return [key, writeSection(section, below)] as const;
      });
      return [[name, Object.fromEntries(each)]];
    }
    if (row.kind === 'word' && field.enum !== undefined)
      return [[name, numberOf(row.words, value as string, { path, problems })]];
    if (row.kind === 'whole' || row.kind === 'duration')
      return [[name, writeNumber(value as number, field, { path, problems })]];
    return [[name, row.kind === 'map' ? withoutUndefined(value as object) : value]];
  });
  return withoutUndefined(Object.fromEntries(entries));
}

const MAX_INT32 = 2_147_483_647;

function writeNumber(
  value: number,
  field: DescField,
  { path, problems }: Pick<Section, 'path' | 'problems'>,
): bigint | number | undefined {
  const isSmall = field.scalar === ScalarType.INT32;
  if (!Number.isSafeInteger(value))
    problems.push({ path, expected: 'a whole number within ±2^53', received: JSON.stringify(value) });
  else if (isImplicit(field) && (value === 0 || (isSmall && value > MAX_INT32)))
    problems.push({ path, expected: 'a whole number above 0', received: String(value) });
  else if (isSmall && Math.abs(value) > MAX_INT32)
    problems.push({ path, expected: `a whole number within ±${MAX_INT32}`, received: String(value) });
  else return isSmall ? value : BigInt(value);
  return undefined;
}

/**
 * A configuration as a caller sent it. Numbers that no enum has come out as words that nobody knows (`"42"`), so that
 * the service refuses them together with everything else that is wrong, in its own words.
 */
export function configInputFromMessage(message: ConfigMessage): ConnectorConfigInput {
  return readConfig(message, (number) => String(number));
}

/** A configuration as a service answers it. Defaults that a service of the original interface cannot say are filled in. */
export function configFromMessage(message: ConfigMessage, problems: Problems): ConnectorConfig {
  const input = readConfig(message, (number, path, words) =>
    wordOf(words, number, { path: appendPath('config', path), problems }),
  );
  return { ...fillDefaults(input), scheme: input.scheme ?? DEFAULT_SCHEME };
}

/** The text for a number that no word stands for. */
type UnknownWord = (number: number, path: string, words: readonly string[]) => string | undefined;

function readConfig(message: ConfigMessage, unknown: UnknownWord): ConnectorConfigInput {
  const { kind, ...input } = readSection(
    message,
    CONNECTOR_FIELDS,
    ConnectorConfigSchema,
    unknown,
  ) as ConnectorConfigInput;
  // A kind that was not named is the id.
  const named = kind === message.id ? undefined : (kind ?? message.metadata['kind']);
  return { ...input, id: message.id, ...(named === undefined ? {} : { kind: named }) };
}

function readSection(message: Values, fields: Fields, schema: DescMessage, unknown: UnknownWord): object {
  const entries = rowsOf(fields).map(([name, row]): [string, unknown] => {
    const field = fieldOf(schema, name);
    const value = message[name];
    if (value === undefined) return [name, undefined];
    if (row.kind === 'section' && field.message !== undefined)
      return [name, readSection(value as Values, row.fields, field.message, unknown)];
    if (row.kind === 'word' && field.enum !== undefined)
      return [name, readWord(value as number, wireName(name, row), row.words, unknown)];
    if (row.kind === 'sections' && field.message !== undefined && !isEmpty(value)) {
      const { message: schemaOfEach } = field;
      return [
        name,
        mapValues(value as object, (each) => readSection(each as Values, row.fields, schemaOfEach, unknown)),
      ];
    }
    // Where the message cannot tell a zero from none, the zero counts as left out.
    if (isImplicit(field) && (row.kind === 'flag' ? value === row.fallback : isEmpty(value))) return [name, undefined];
    // Beyond 2^53 it is a different number, but still one that no setting may have, so the service refuses it.
    if (typeof value === 'bigint') return [name, Number(value)];
    return [name, row.kind === 'map' ? { ...(value as object) } : value];
  });
  return withoutUndefined(Object.fromEntries(entries));
}

function readWord(number: number, path: string, words: readonly string[], unknown: UnknownWord): string | undefined {
  return number === 0 ? undefined : (words[number - 1] ?? unknown(number, path, words));
}

function fieldOf(schema: DescMessage, name: string): DescField {
  const field = schema.field[name];
  if (field === undefined) throw new Error(`the message ${schema.typeName} has no field for the key ${name}`);
  return field;
}

/** Whether the message cannot tell the field's zero from none. */
function isImplicit(field: DescField): boolean {
  return field.fieldKind !== 'message' && !field.proto.proto3Optional;
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === '' || value === 0 || value === 0n;
}
