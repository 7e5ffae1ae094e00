import type { Traits } from '@automate/sql';
import { onConflict } from '@automate/sql';

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
  upsert: onConflict(quoteName),
  nullsLast: false,
};
