/**
 * The keys that a JSON Schema of the configuration file names, as a table: path, type, default, meaning.
 *
 * @param {object} schema the schema of one map
 */
export function renderConfigKeys(schema) {
  const rows = keysOf(schema).map(
    ({ path, type, fallback, meaning }) => `| \`${path}\` | ${type} | ${fallback} | ${meaning} |`,
  );
  return ['| key | type | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** @returns {{ path: string, type: string, fallback: string, meaning: string }[]} */
function keysOf(schema, prefix = '') {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const path = `${prefix}${key}`;
    const shape = withoutVariable(property);
    const fallback = required.has(key)
      ? '**required**'
      : property.default === undefined
        ? ''
        : `\`${shown(property.default)}\``;
    const row = { path, type: typeOf(shape), fallback, meaning: (property.description ?? '').replaceAll('|', '\\|') };
    return [row, ...keysOf(shape, `${path}.`), ...keysOf(shape.additionalProperties ?? {}, `${path}.NAME.`)];
  });
}

/** Nearly every scalar may also be a text with `${VAR}` in it; saying so in each row would say nothing. */
function withoutVariable(schema) {
  const [first, second] = schema.anyOf ?? [];
  return second?.pattern === String.raw`\$\{[A-Za-z_]` ? first : schema;
}

const shown = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

function typeOf(schema) {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${word}\``).join(', ');
  if (schema.type === 'array') return `list of ${typeOf(withoutVariable(schema.items))}s`;
  if (schema.type === 'object') return 'map';
  if (schema.type === 'boolean') return '`true`, `false`';
  if (schema.type === 'integer') return `${schema.minimum} to ${schema.maximum}`;
  if (schema.pattern?.includes('ms)')) return 'duration';
  return 'text';
}
