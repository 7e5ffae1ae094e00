import { z } from 'zod';
import { CONNECTOR_FIELDS, rowsOf, wireName } from '../field-table.ts';
import type { Field, Fields } from '../field-table.ts';
import { formatDuration } from './duration.ts';
import {
  flag,
  hostName,
  jsonMap,
  lasting,
  oneOf,
  pattern,
  strictMap,
  text,
  textList,
  textMap,
  whole,
} from './fields.ts';

/**
 * One connector in the shape of the YAML file, of REST bodies and of the command line: snake_case, durations as text.
 * It says what is allowed where, and nothing else: `parseConnectorConfig` adds what concerns several fields at once,
 * fills defaults and words the problems.
 */
export const connectorConfigSchema = sectionSchema(CONNECTOR_FIELDS, ['id']).meta({ title: 'Connector' });

function sectionSchema(fields: Fields, required: readonly string[] = []) {
  const entries = rowsOf(fields).map(([name, field]) => {
    const schema =
      required.includes(name) || field.required === true ? valueSchema(field) : valueSchema(field).optional();
    const facts = { ...(field.doc === undefined ? {} : { description: field.doc }), ...defaultOf(field) };
    return [wireName(name, field), Object.keys(facts).length === 0 ? schema : schema.meta(facts)] as const;
  });
  return strictMap(Object.fromEntries(entries));
}

function valueSchema(field: Field): z.ZodType {
  switch (field.kind) {
    case 'text':
      if (field.form !== undefined) return pattern(field.form, field.expected ?? 'a text of another form');
      return field.empty === true ? z.string('a text') : text();
    case 'host':
      return hostName();
    case 'flag':
      return flag();
    case 'whole':
      return whole(field.least, field.most, field.expected);
    case 'duration':
      return lasting(field.least, field.most);
    case 'word':
      return oneOf(field.words);
    case 'texts':
      return textList();
    case 'map':
      return field.without === undefined ? textMap() : mapWithout(field.without);
    case 'json':
      return jsonMap();
    case 'section':
      return sectionSchema(field.fields);
    case 'sections':
      return z.record(z.string(), sectionSchema(field.fields), 'a map of maps');
    default:
      return field satisfies never;
  }
}

function mapWithout(names: readonly string[]): z.ZodType {
  return textMap().refine((map) => !names.some((name) => Object.hasOwn(map, name)), {
    error: `no ${names.join(', ')}, which have fields of their own`,
  });
}

/** A default worth showing; empty lists and texts are not. */
function defaultOf(field: Field): { readonly default?: unknown } {
  const value = field.shown ?? field.fallback;
  if (value === undefined || value === '' || typeof value === 'object') return {};
  return { default: field.kind === 'duration' ? formatDuration(Number(value)) : value };
}
