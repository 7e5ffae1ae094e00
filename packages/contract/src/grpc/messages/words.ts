import { quote } from '../../quote.ts';
import type { Problem } from '../../problem.ts';
import { CONNECTION_MODES, CONNECTOR_STATUSES, CONNECTOR_TYPES } from '../../connector.ts';
import type { ConnectionMode, ConnectorStatus, ConnectorType } from '../../connector.ts';
import type {
  ConnectionMode as ModeNumber,
  ConnectorStatus as StatusNumber,
  ConnectorType as TypeNumber,
} from '../../gen/connectors/connectors_pb.ts';

/** Collects what is wrong with a message while it is read, so that everything can be said at once. */
export type Problems = Problem[];

/** Where something stands in a message, in the words of the YAML file. */
interface Place {
  readonly path: string;
  readonly problems: Problems;
}

/**
 * The number of a word in its enum: the enums of the protocol list the words in the order of our tables, from 1.
 * 0, *unspecified*, without a word.
 */
export function numberOf<Word extends string>(words: readonly Word[], word: Word | undefined, place: Place): number {
  if (word === undefined) return 0;
  const index = words.indexOf(word);
  if (index === -1) expectWord(words, quote(word), place);
  return index + 1;
}

/** The word of an enum's number; none for 0. A number that nobody has given out is a problem. */
export function wordOf<Word extends string>(words: readonly Word[], number: number, place: Place): Word | undefined {
  const word = words[number - 1];
  if (word === undefined && number !== 0) expectWord(words, String(number), place);
  return word;
}

function expectWord(words: readonly string[], received: string, { path, problems }: Place): void {
  problems.push({ path, expected: `one of ${words.join(', ')}`, received });
}

/** A text that must be one of our words, as enums that are text in the protocol are; empty gives the fallback. */
export function readWord<Word extends string>(
  words: readonly Word[],
  text: string,
  { fallback, ...place }: Place & { readonly fallback: Word },
): Word {
  if (text === '') return fallback;
  const word = words.find((known) => known === text);
  if (word === undefined) expectWord(words, quote(text), place);
  return word ?? fallback;
}

export function typeToNumber(type: ConnectorType | undefined, place: Place): TypeNumber {
  return numberOf(CONNECTOR_TYPES, type, place) as TypeNumber;
}

export function typeFromNumber(number: number, place: Place): ConnectorType | undefined {
  return wordOf(CONNECTOR_TYPES, number, place);
}

export function modeToNumber(mode: ConnectionMode | undefined, place: Place): ModeNumber {
  return numberOf(CONNECTION_MODES, mode, place) as ModeNumber;
}

export function modeFromNumber(number: number, place: Place): ConnectionMode | undefined {
  return wordOf(CONNECTION_MODES, number, place);
}

export function statusToNumber(status: ConnectorStatus): StatusNumber {
  return (CONNECTOR_STATUSES.indexOf(status) + 1) as StatusNumber;
}

/** Unspecified counts as never checked. */
export function statusFromNumber(number: number, place: Place): ConnectorStatus {
  return wordOf(CONNECTOR_STATUSES, number, place) ?? 'unknown';
}

/** Whole milliseconds for an int64 field; what is no number counts as 0. */
export function millisToInt64(ms: number): bigint {
  if (!Number.isFinite(ms)) return 0n;
  return BigInt(Math.round(Math.min(Math.max(ms, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)));
}

/** An int64 as a number. Beyond 2^53 a number would be a different one: that is a problem. */
export function int64ToNumber(value: bigint, { path, problems }: Place): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  problems.push({ path, expected: 'a whole number within ±2^53', received: String(value) });
  return 0;
}
