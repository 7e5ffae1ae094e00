import type { Traits } from '@automate/sql';

const READS = ['select', 'with', 'values', 'table', 'show', 'explain', 'describe', 'desc'];

const quoteName = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

export const traits: Traits = {
  name: 'MySQL',
  placeholder: '`?` stands for a parameter',
  grammar: {
    // Comments too, but not those that the server runs.
    opaque: /'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^]|"")*"|`(?:[^`]|``)*`|\/\*(?!M?!)[^]*?\*\/|(?:--(?=\s|$)|#)[^\n]*/g,
    reads: READS,
    controls: ['begin', 'start', 'commit', 'rollback', 'savepoint', 'release', 'xa'],
    // All else (CREATE, GRANT, LOCK, CALL) may commit on the way.
    undoable: ['select', 'with', 'values', 'insert', 'update', 'delete', 'replace', 'do'],
    isAtomic: (word) => [...READS, 'insert', 'update', 'delete', 'replace', 'do', 'set'].includes(word),
    // A transaction that only reads still lets files through.
    refuse: (_word, skeleton, use) =>
      use === 'query' && /\binto\s+(?:outfile|dumpfile)\b/.test(skeleton)
        ? 'a statement that only reads, and writes no file'
        : undefined,
  },
  isolation: { levels: ['read_committed', 'repeatable_read', 'serializable'], default: 'repeatable_read' },
  schema: 'A database of the server',
  tableTypes: ['table', 'view', 'sequence'],
  quote: quoteName,
  parameter: () => '?',
  maxParameters: 65_535,
  upsert: (key, columns) => {
    // Without anything to update a column is set to what it is.
    const updated =
      columns.length === 0
        ? key.map((name) => [name, quoteName(name)])
        : columns.map((name) => [name, `VALUES(${quoteName(name)})`]);
    return ` ON DUPLICATE KEY UPDATE ${updated.map(([name = '', value]) => `${quoteName(name)} = ${value}`).join(', ')}`;
  },
  nullsLast: false,
};
