import type { JsonSchema } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import type { Html } from './html.ts';
import { html, prose } from './html.ts';

const SCHEMAS = '#/components/schemas/';

/** Where on the page a schema of the document stands. */
export function anchorOf(name: string): string {
  return `schema-${name}`;
}

/** A schema in words: its type, what bounds it, and a table of its fields where it has some. */
export function renderSchema(schema: unknown): Html {
  if (!isJsonObject(schema)) return html`<p>Anything.</p>`;
  const fields = fieldsOf(schema);
  const about = schema['description'];
  return html`<p>${describeType(schema)}${typeof about === 'string' ? html`: ${prose(about)}` : undefined}</p>
    ${fields.length === 0 ? undefined : renderFields(fields)}`;
}

interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
}

function fieldsOf(schema: JsonSchema): readonly Field[] {
  const parts = [schema, ...listOf(schema['allOf'])];
  return parts.flatMap(({ properties, required }) => {
    const names = Array.isArray(required) ? required : [];
    return Object.entries(isJsonObject(properties) ? properties : {}).map(([name, field]) => ({
      name,
      required: names.includes(name),
      schema: isJsonObject(field) ? field : {},
    }));
  });
}

function renderFields(fields: readonly Field[]): Html {
  const row = ({ name, required, schema }: Field): Html => {
    const about = schema['description'];
    return html`<tr>
      <th scope="row"><code>${name}</code>${required ? html` <span class="required">required</span>` : undefined}</th>
      <td>${describeType(schema)}</td>
      <td>${typeof about === 'string' ? prose(about) : undefined}${nestedFields(schema)}</td>
    </tr>`;
  };
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Field</th>
        <th scope="col">Type</th>
        <th scope="col">Meaning</th>
      </tr>
    </thead>
    <tbody>
      ${fields.map(row)}
    </tbody>
  </table>`;
}

/** The fields of what a field holds, where that has no name of its own. */
function nestedFields(schema: JsonSchema): Html | undefined {
  const items = schema['items'];
  const inner = fieldsOf(isJsonObject(items) ? items : schema);
  return inner.length === 0
    ? undefined
    : html`<details>
        <summary>${inner.length} fields</summary>
        ${renderFields(inner)}
      </details>`;
}

/** A type in a few words: `list of text`, `one of "a", "b"`, a link where it has a name. */
export function describeType(schema: unknown): Html {
  if (!isJsonObject(schema)) return html`anything`;
  const reference = schema['$ref'];
  if (typeof reference === 'string')
    return reference.startsWith(SCHEMAS)
      ? html`<a href="#${anchorOf(reference.slice(SCHEMAS.length).split('/')[0] ?? '')}"
          >${reference.slice(SCHEMAS.length)}</a
        >`
      : html`<code>${reference}</code>`;
  if ('const' in schema) return html`<code>${JSON.stringify(schema['const'])}</code>`;
  const values = schema['enum'];
  if (Array.isArray(values))
    return html`one of ${joined(values.map((value) => html`<code>${JSON.stringify(value)}</code>`))}`;
  for (const key of ['anyOf', 'oneOf', 'allOf'] as const) {
    const parts = listOf(schema[key]);
    if (parts.length > 0) return html`${joined(parts.map(describeType), key === 'allOf' ? ' and ' : ' or ')}`;
  }
  return html`${plainType(schema)}${boundsOf(schema)}`;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  null: 'null',
  object: 'object',
};

function nameOfType(type: unknown): string {
  return typeof type === 'string' ? (TYPES[type] ?? type) : 'anything';
}

function plainType(schema: JsonSchema): Html {
  const { type, items, additionalProperties, format } = schema;
  if (type === 'array') return html`list of ${describeType(items)}`;
  if (Array.isArray(type)) return html`${type.map(nameOfType).join(' or ')}`;
  if (type === 'object' && isJsonObject(additionalProperties))
    return html`map to ${describeType(additionalProperties)}`;
  const name = nameOfType(type);
  return html`${name}${typeof format === 'string' ? ` (${format})` : undefined}`;
}

const BOUNDS = [
  ['minimum', 'at least'],
  ['exclusiveMinimum', 'more than'],
  ['maximum', 'at most'],
  ['exclusiveMaximum', 'less than'],
  ['minLength', 'characters, at least'],
  ['maxLength', 'characters, at most'],
  ['minItems', 'entries, at least'],
  ['maxItems', 'entries, at most'],
  ['pattern', 'like'],
  ['default', 'default'],
] as const;

function boundsOf(schema: JsonSchema): readonly Html[] {
  // What a generator writes of the range of every number is no news.
  const isTold = (value: unknown): boolean =>
    value !== undefined && Math.abs(Number(value)) !== Number.MAX_SAFE_INTEGER;
  return BOUNDS.flatMap(([key, words]) => {
    const value = schema[key];
    return isTold(value)
      ? [html`, ${words} <code>${typeof value === 'string' ? value : JSON.stringify(value)}</code>`]
      : [];
  });
}

function listOf(value: unknown): readonly JsonSchema[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function joined(parts: readonly Html[], between = ', '): readonly Html[] {
  return parts.map((part, index) => (index === 0 ? part : html`${between}${part}`));
}
