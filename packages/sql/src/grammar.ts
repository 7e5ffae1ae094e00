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

/** A statement as long as it was, with blanks in place of its comments and nothing that means something between its quotes. */
export function maskStatement({ opaque }: Grammar, sql: string): string {
  return sql.replace(opaque, (found) => {
    const isQuoted = /^['"`$[a-z]/i.test(found);
    return isQuoted ? `${found[0]}${'x'.repeat(found.length - 2)}${found.at(-1)}` : ' '.repeat(found.length);
  });
}

/** A statement's first word, and the mask of it, in small letters. */
export function readStatement(grammar: Grammar, sql: string): { readonly word: string; readonly skeleton: string } {
  const skeleton = maskStatement(grammar, sql).toLowerCase();
  return { skeleton, word: /^[\s;(]*([a-z]+)/.exec(skeleton)?.[1] ?? '' };
}

/** A statement without the semicolon and the comments at its end, so that it can stand within another one. */
export function innerStatement(grammar: Grammar, sql: string): string {
  return sql.slice(0, maskStatement(grammar, sql).replace(/[;\s]+$/, '').length);
}

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
