import type { Traits } from '@automate/sql';

const READS = ['select', 'with', 'values', 'table', 'show', 'explain', 'describe', 'desc'];

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
};
