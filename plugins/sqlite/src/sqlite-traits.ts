import type { Traits } from '@automate/sql';

export const traits: Traits = {
  name: 'SQLite',
  placeholder: '`?` stands for a parameter',
  grammar: {
    opaque: /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[^]*?(?:\*\/|$)/g,
    controls: [],
    isAtomic: () => true,
  },
  schema: '`main`, or `temp`',
  tableTypes: ['table', 'view'],
};
