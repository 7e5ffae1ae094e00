import { wrongInput } from './wrong-input.ts';

/** What a database system's statements are known by, in small letters. */
export interface Grammar {
  /** Matches texts, quoted names and comments, in which nothing is a keyword. Global. */
  readonly opaque: RegExp;
  /** First words of statements that only give rows. Absent: the database itself refuses all else in `query`. */
  readonly reads?: readonly string[];
  /** First words of statements that begin or end transactions. */
  readonly controls: readonly string[];
  /** First words of statements that a transaction can undo. Absent: all. */
  readonly undoable?: readonly string[];
  /** Whether the server undoes all of a statement that fails, given its first word and the whole of it. */
  isAtomic(word: string, skeleton: string): boolean;
  /** What to say of a statement that cannot be sent at all, as the end of "expected". Absent: nothing is refused. */
  refuse?(word: string, skeleton: string, use: StatementUse, sql: string): string | undefined;
}

export type StatementUse = 'query' | 'execute' | 'transaction';

/** What all kinds say of statements that do something to the session alone: it would be gone with the call. */
export const SESSION_ONLY = 'a statement whose effect outlasts the session, which ends with the call';

/** A statement as a grammar sees it. */
interface Read {
  readonly word: string;
  /** The statement in small letters, without comments, and with nothing between quotes. */
  readonly skeleton: string;
}

export function readStatement({ opaque }: Grammar, sql: string): Read {
  const skeleton = sql
    .replace(opaque, (found) => (isComment(found) ? ' ' : `${found[0]}${found.at(-1)}`))
    .toLowerCase();
  return { skeleton, word: /^[\s;(]*([a-z]+)/.exec(skeleton)?.[1] ?? '' };
}

/** A statement without the semicolon and the comments at its end, so that it can stand within another one. */
export function innerStatement({ opaque }: Grammar, sql: string): string {
  const mask = sql.replace(opaque, (found) => (isComment(found) ? ' ' : 'x').repeat(found.length));
  return sql.slice(0, mask.replace(/[;\s]+$/, '').length);
}

const isComment = (found: string): boolean => !/^['"`$[a-z]/i.test(found);

export function isAtomic(grammar: Grammar, sql: string): boolean {
  const { word, skeleton } = readStatement(grammar, sql);
  return grammar.isAtomic(word, skeleton);
}

/**
 * Refuses what an action cannot run.
 *
 * @throws InvalidInputError that names what it can run.
 */
export function checkStatement(grammar: Grammar, sql: string, use: StatementUse): void {
  const { word, skeleton } = readStatement(grammar, sql);
  const received = word === '' ? 'another text' : word.toUpperCase();
  const refuse = (expected: string): never => {
    throw wrongInput({ path: 'sql', expected, received, reason: 'statement' });
  };
  // A transaction that only reads still lets through what reaches files, programs and settings of the server.
  if (use === 'query' && grammar.reads !== undefined && !grammar.reads.includes(word))
    refuse(`a statement that gives rows (${listOf(grammar.reads)})`);
  // Such a statement would take others with it, or leave a transaction open.
  if (grammar.controls.includes(word))
    refuse('no statement that begins or ends a transaction: the action transaction does');
  // Statements that commit by themselves would leave half of a transaction behind.
  if (use === 'transaction' && grammar.undoable !== undefined && !grammar.undoable.includes(word))
    refuse(`a statement that can be undone (${listOf(grammar.undoable)})`);
  const expected = grammar.refuse?.(word, skeleton, use, sql);
  if (expected !== undefined) refuse(expected);
}

const listOf = (words: readonly string[]): string => words.join(', ').toUpperCase();
