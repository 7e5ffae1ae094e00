/**
 * The reference of one connector kind as Markdown: its settings and its actions with their fields. What a kind before it on
 * the page has just so is said there, and linked to: a title that stood twice would always lead to the first.
 *
 * @param {{ kind: string, configSchema?: object, actions: readonly object[] }} description as `describeAdapter` gives it
 * @param {Map<string, string>} said the sections on the page so far, by their titles; those of this kind are added
 */
export function renderReference({ kind, configSchema, actions }, said = new Map()) {
  const sections = actions.map((action) => {
    const lines = renderAction(action);
    const body = lines.join('\n');
    const title = [action.name, `${action.name} of ${kind}`].find((each) => (said.get(each) ?? body) === body);
    const fresh = !said.has(title);
    said.set(title, body);
    return { action, anchor: title.replaceAll(' ', '-'), lines: fresh ? [`### \`${title}\``, '', ...lines] : [] };
  });
  return [
    `## Settings of \`${kind}\``,
    '',
    ...settingsTable(configSchema),
    '',
    `## Actions of \`${kind}\``,
    '',
    '| action | what it does | changes something | may be repeated |',
    '| --- | --- | --- | --- |',
    ...sections.map(
      ({ action: { name, description, sideEffects, idempotent }, anchor }) =>
        `| [\`${name}\`](#${anchor}) | ${cell(description)} | ${sideEffects ? 'yes' : 'no'} | ${idempotent ? 'yes' : 'no'} |`,
    ),
    '',
    ...sections.flatMap(({ lines }) => lines),
  ].join('\n');
}

function settingsTable(schema) {
  const rows = fieldsOf(schema ?? {});
  return rows.length === 0 ? ['It has none.'] : table('setting', rows);
}

function renderAction({ input, output }) {
  const wanted = fieldsOf(input);
  const given = output === undefined ? [] : fieldsOf(output);
  return [
    ...(wanted.length === 0 ? ['It takes nothing.'] : table('input', wanted)),
    '',
    ...(given.length === 0 ? [] : [...table('result', given, false), '']),
  ];
}

function table(title, rows, withDefault = true) {
  return [
    withDefault ? `| ${title} | type | default | meaning |` : `| ${title} | type | meaning |`,
    withDefault ? '| --- | --- | --- | --- |' : '| --- | --- | --- |',
    ...rows.map(({ name, type, needed, fallback, meaning }) =>
      withDefault
        ? `| \`${name}\` | ${type} | ${needed ? '**required**' : fallback} | ${meaning} |`
        : `| \`${name}\` | ${type}${needed ? '' : ', optional'} | ${meaning} |`,
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
