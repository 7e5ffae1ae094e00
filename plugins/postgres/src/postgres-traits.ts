import type { Grammar, Traits } from '@automate/sql';
import { onConflict, SESSION_ONLY } from '@automate/sql';
import pg from 'pg';

/** Comments may stand within comments. Deeper than this nobody goes. */
function comments(depth: number): string {
  const inner = depth === 0 ? '' : `|${comments(depth - 1)}`;
  return `/\\*(?:[^*/]|\\*(?!/)|/(?!\\*)${inner})*\\*/`;
}

const OPAQUE = new RegExp(
  [
    "\\be'(?:[^'\\\\]|\\\\[^]|'')*'",
    "'(?:[^']|'')*'",
    '"(?:[^"]|"")*"',
    '(?<![\\w$])\\$(?<tag>[a-z_\\u0080-\\uffff][\\w\\u0080-\\uffff]*)?\\$[^]*?\\$\\k<tag>\\$',
    // A carriage return ends it as well.
    '--[^\\r\\n]*',
    comments(4),
  ].join('|'),
  'gi',
);

/** Statements that the server undoes as a whole when they fail: all that it can run in a transaction. */
export const ATOMIC: ReadonlySet<string> = new Set([
  ...['select', 'with', 'values', 'table', 'show', 'explain', 'insert', 'update', 'delete', 'merge', 'truncate'],
  ...['create', 'alter', 'drop', 'comment', 'grant', 'revoke', 'refresh', 'set', 'reset', 'lock', 'analyze', 'notify'],
]);
/** Of those, what it refuses to run in a transaction, or what has effects outside of it. */
const NOT_UNDONE =
  /\bconcurrently\b|^[\s;(]*(?:alter\s+system|(?:create|alter|drop)\s+(?:database|tablespace|subscription))\b/;

/** What a statement sets or leaves in the session for longer than a transaction. */
const OUTLASTS = [
  /^\W*(?:reset|discard|listen|unlisten|load|deallocate|set\s+(?!local\b|transaction\b|constraints\b))/,
  /^\W*(?:create\s+(?:(?:local|global)\s+)?temp|declare\b.*\bwith\s+hold\b)(?!.*\bon\s+commit\s+drop\b)/s,
  /(?<!\b(?:insert|merge)\s+)\binto\s+(?:(?:local|global)\s+)?temp(?:orary)?\s+\S/,
  /\bpg_(?:try_)?advisory_lock(?:_shared)?\s*\(/,
];

/** What is of use to later statements of a transaction alone. */
const TRANSACTION_ONLY = /^\W*(?:set|create\s+(?:(?:local|global)\s+)?temp)/;

const SETS = /\bset_config\s*\(/g;
/** Of which the last argument says so itself: what stands behind it is no part of the call. */
const SETS_LOCALLY = /\bset_config\s*\((?:[^()]|\([^()]*\))*,\s*true\s*\)/g;

function outlastsTransaction(skeleton: string): boolean {
  const count = (pattern: RegExp): number => skeleton.match(pattern)?.length ?? 0;
  return OUTLASTS.some((pattern) => pattern.test(skeleton)) || count(SETS) > count(SETS_LOCALLY);
}

const grammar: Grammar = {
  opaque: OPAQUE,
  reads: ['select', 'with', 'values', 'table', 'show', 'explain'],
  controls: ['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release', 'prepare'],
  isAtomic: (word, skeleton) => ATOMIC.has(word) && !NOT_UNDONE.test(skeleton),
  refuse(word, skeleton, use) {
    // Behind comments that lie deeper than is looked there may stand a COMMIT.
    if (word === '') return 'a statement that begins with a word, behind comments of few levels';
    if (outlastsTransaction(skeleton) || (use !== 'transaction' && TRANSACTION_ONLY.test(skeleton)))
      return `${SESSION_ONLY}; SET LOCAL, set_config(…, true), ON COMMIT DROP and pg_advisory_xact_lock() are for a transaction`;
    if (word !== 'copy') return undefined;
    if (/\bstd(?:in|out)\b/.test(skeleton))
      return 'no COPY from or to the client, which has no place for the data: query reads rows, insert_rows writes them';
    return use === 'transaction' && /\b(?:to|program)\b/.test(skeleton)
      ? 'a statement that can be undone: what COPY writes to files and programs would stay'
      : undefined;
  },
};

const quoteName = (name: string): string => pg.escapeIdentifier(name);

export const traits: Traits = {
  name: 'PostgreSQL',
  placeholder: '`$1` stands for the first parameter',
  grammar,
  isolation: { levels: ['read_committed', 'repeatable_read', 'serializable'], default: 'read_committed' },
  schema: 'A schema',
  tableTypes: ['table', 'partitioned_table', 'view', 'materialized_view', 'foreign_table'],
  quote: quoteName,
  parameter: (number) => `$${number}`,
  maxParameters: 32_767,
  upsert: onConflict(quoteName),
  nullsLast: true,
};
