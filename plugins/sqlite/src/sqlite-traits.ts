import type { Traits } from '@automate/sql';

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const traits: Traits = {
  name: 'SQLite',
  placeholder: '`?` stands for a parameter',
  grammar: {
    opaque: /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[^]*?(?:\*\/|$)/g,
    controls: ['begin', 'commit', 'end', 'release', 'rollback', 'savepoint'],
    // These cannot be part of a transaction.
    isAtomic: (word) => word !== 'vacuum' && word !== 'pragma',
  },
  schema: '`main`',
  tableTypes: ['table', 'view'],
  quote: quoteName,
  parameter: () => '?',
  maxParameters: 32_766,
  upsert: (key, columns) => {
    const updates = columns.map((name) => `${quoteName(name)} = excluded.${quoteName(name)}`);
    const action = updates.length === 0 ? 'NOTHING' : `UPDATE SET ${updates.join(', ')}`;
    return ` ON CONFLICT (${key.map(quoteName).join(', ')}) DO ${action}`;
  },
  nullsLast: false,
};
