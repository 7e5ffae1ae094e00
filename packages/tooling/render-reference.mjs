/**
 * The reference of one connector kind as Markdown: its settings, and its actions with what they take. Whole schemas are
 * left to the running host, which tells those of the version that is installed.
 *
 * @param {{ kind: string, configSchema?: object, actions: readonly object[] }} description as `describeAdapter` gives it
 */
export function renderReference({ kind, configSchema, actions }) {
  return [
    `## Settings of \`${kind}\``,
    '',
    ...settingsTable(configSchema),
    '',
    `## Actions of \`${kind}\``,
    '',
    ...(actions.length === 0 ? actionsOfRemote() : actionsTable(actions)),
    '',
  ].join('\n');
}

function actionsOfRemote() {
  return [
    'They are what the remote system offers. A running host tells which those are, and what goes in and comes back:',
    `\`curl http://127.0.0.1:8080/api/v1/connectors/ID/actions\`.`,
  ];
}

function actionsTable(actions) {
  return [
    'What stands in brackets may be left out. A running host tells what each input means, and what comes back:',
    `\`curl http://127.0.0.1:8080/api/v1/connectors/ID/actions\`.`,
    '',
    '| action | takes | what it does | changes something | may be repeated |',
    '| --- | --- | --- | --- | --- |',
    ...actions.map(
      ({ name, input, description, sideEffects, idempotent }) =>
        `| \`${name}\` | ${inputsOf(input)} | ${cell(description)} | ${sideEffects ? 'yes' : 'no'} | ${idempotent ? 'yes' : 'no'} |`,
    ),
  ];
}

/** The names on the first level; those that are needed come first. */
function inputsOf(schema) {
  const fields = fieldsOf(schema).filter(({ name }) => !/[.[]/.test(name));
  const needed = fields.filter((field) => field.needed).map(({ name }) => `\`${name}\``);
  const others = fields.filter((field) => !field.needed).map(({ name }) => `\`${name}\``);
  return [...needed, ...(others.length === 0 ? [] : [`[${others.join(', ')}]`])].join(', ') || 'nothing';
}

function settingsTable(schema) {
  const rows = fieldsOf(schema ?? {});
  if (rows.length === 0) return ['It has none.'];
  return [
    '| setting | type | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rows.map(
      ({ name, type, needed, fallback, meaning }) =>
        `| \`${name}\` | ${type} | ${needed ? '**required**' : fallback} | ${meaning} |`,
    ),
  ];
}

/** The properties of an object's schema, nested objects by their path. Of alternatives, the properties of all. */
function fieldsOf(schema, prefix = '') {
  const alternatives = schema.oneOf ?? (schema.properties === undefined ? schema.anyOf : undefined);
  if (alternatives !== undefined && schema.properties === undefined) return mergeAlternatives(alternatives, prefix);
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const name = `${prefix}${key}`;
    const needed = required.has(key) && property.default === undefined;
    const row = { name, type: typeOf(property), needed, fallback: fallbackOf(property), meaning: meaningOf(property) };
    return [row, ...fieldsOf(property, `${name}.`), ...fieldsOf(property.items ?? {}, `${name}[].`)];
  });
}

function mergeAlternatives(alternatives, prefix) {
  const rows = new Map();
  for (const row of alternatives.flatMap((alternative) => fieldsOf(alternative, prefix))) {
    const known = rows.get(row.name);
    const types = known === undefined ? row.type : [...new Set([...known.type.split(' or '), row.type])].join(' or ');
    const everywhere = alternatives.every(({ required }) => required?.includes(row.name.slice(prefix.length)));
    rows.set(row.name, { ...row, type: types, needed: everywhere });
  }
  return [...rows.values()];
}

function typeOf(schema) {
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined && schema.type === undefined)
    return [...new Set(alternatives.map(typeOf))].join(' or ');
  if (Array.isArray(schema.type)) return schema.type.join(' or ');
  if (schema.type === 'array') return schema.items ? `list of ${typeOf(schema.items)}` : 'list';
  if (schema.type === 'string') return schema.contentEncoding === 'base64' ? 'base64 text' : 'text';
  if (schema.type === 'object') {
    const values = schema.additionalProperties;
    return schema.properties === undefined && values?.type ? `map of ${typeOf(values)}` : 'object';
  }
  return schema.type ?? 'any JSON';
}

function fallbackOf({ default: value }) {
  return value === undefined ? '' : code(value);
}

function meaningOf({ description = '', writeOnly }) {
  return `${cell(description)}${writeOnly === true ? `${description === '' ? '' : ' '}(secret)` : ''}`;
}

const code = (value) => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
