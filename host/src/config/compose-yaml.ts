import { isName } from '@automate/contract/schemas';
import { EVENT_ID, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml';
import type { Event, ScalarEvent } from 'js-yaml';
import { findOddIndentation, findYamlSlips } from './yaml-slips.ts';

/** A node of a YAML or JSON text, with the place where it (for entries of maps: their key) stands. */
export type YamlNode =
  | {
      readonly kind: 'scalar';
      readonly text: string;
      /** Neither quoted nor a block: what the text looks like decides what it is. */
      readonly plain: boolean;
      readonly offset: number;
      /** Its text could not be read, and a fault says why. */
      readonly broken?: true;
    }
  | { readonly kind: 'list'; readonly items: readonly YamlNode[]; readonly offset: number }
  | { readonly kind: 'map'; readonly entries: readonly YamlEntry[]; readonly offset: number };

export interface YamlEntry {
  readonly key: string;
  readonly offset: number;
  readonly value: YamlNode;
}

/** Something wrong with the text itself. */
export interface YamlFault {
  readonly offset: number;
  readonly expected: string;
  readonly received: string;
  readonly message?: string;
}

export interface ComposedYaml {
  /** Undefined for a text without content, or one that cannot be read at all. */
  readonly root: YamlNode | undefined;
  readonly faults: readonly YamlFault[];
}

/** Deeper than any configuration; the parser's own stack is safe up to here. */
const MAX_DEPTH = 48;
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;
/** A Windows path in double quotes, such as `"C:\new"`, in which YAML reads an escaped line break. */
const MEANS_A_PATH = /"[A-Za-z]:\\(?!\\)/;
const RESERVED_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

interface Composer {
  readonly text: string;
  readonly events: readonly Event[];
  readonly faults: YamlFault[];
  at: number;
  /** Offset of the last thing read, for what has no place of its own, such as an empty value. */
  offset: number;
}

/**
 * Reads YAML 1.2, and JSON as the part of it that it is, into nodes that know their places. What makes YAML dangerous
 * or ambiguous is a fault, not a feature: aliases (a few lines of them grow to gigabytes), tags, merge keys, keys that
 * reach prototypes, keys that stand twice, several documents. Never throws.
 */
export function composeYaml(text: string): ComposedYaml {
  const parsed = readEvents(text);
  if ('fault' in parsed) return { root: undefined, faults: [parsed.fault] };
  const composer: Composer = { text, events: parsed.events, faults: [], at: 0, offset: 0 };
  let root: YamlNode | undefined;
  let documents = 0;
  while (composer.at < composer.events.length) {
    const event = next(composer);
    if (event?.type !== EVENT_ID.DOCUMENT) continue;
    documents += 1;
    const node = composer.events[composer.at]?.type === EVENT_ID.POP ? undefined : compose(composer);
    // A file of several documents holds only a part of the configuration in each.
    if (documents > 1) return { root: undefined, faults: [secondDocument(text, node?.offset ?? composer.offset)] };
    root = node;
  }
  const slips = MEANS_A_PATH.test(text) ? findYamlSlips(text).filter(({ always }) => always) : [];
  return { root, faults: [...slips, ...composer.faults] };
}

function secondDocument(text: string, offset: number): YamlFault {
  const start = text.lastIndexOf('\n---', offset) + 1;
  return { offset: start, expected: 'one document', received: 'a second one after "---"' };
}

function readEvents(text: string): { readonly events: readonly Event[] } | { readonly fault: YamlFault } {
  try {
    return { events: parseEvents(text, { maxDepth: MAX_DEPTH }) };
  } catch (error) {
    return { fault: explainUnreadable(text, error instanceof YAMLException ? error : undefined) };
  }
}

/** The parser notices a slip where it can go no further, often lines below. Its own words may repeat a secret. */
function explainUnreadable(text: string, error: YAMLException | undefined): YamlFault {
  const offset = error?.mark?.position ?? 0;
  const control = text.search(CONTROL);
  if (control >= 0) return { offset: control, expected: 'text without control characters', received: 'one of them' };
  const slip = findYamlSlips(text).find((found) => found.offset <= offset);
  if (slip !== undefined) return slip;
  return {
    offset: findOddIndentation(text, offset),
    expected: 'the entries of one map or list exactly under each other, each key with ":" and a space after it',
    received: 'a line that fits to none above',
  };
}

function next(composer: Composer): Event | undefined {
  const event = composer.events[composer.at];
  composer.at += 1;
  return event;
}

/** The node that starts at the present event. An alias stands for nothing: it is a fault. */
function compose(composer: Composer): YamlNode {
  const event = next(composer);
  if (event === undefined || event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP) {
    return { kind: 'scalar', text: '', plain: true, offset: composer.offset };
  }
  if (event.type === EVENT_ID.ALIAS) {
    // The event's start is the character after the `*`.
    const offset = event.anchorStart - 1;
    composer.offset = offset;
    const expected = 'the value in quotes, or written out: what begins with "*" is an alias, and aliases are not read';
    composer.faults.push({ offset, expected, received: 'an alias' });
    return { kind: 'scalar', text: '', plain: true, offset, broken: true };
  }
  const tag = event.tagStart < 0 ? '' : composer.text.slice(event.tagStart, event.tagEnd);
  if (tag !== '' && !(tag === '!!str' && event.type === EVENT_ID.SCALAR)) {
    composer.faults.push({
      offset: event.tagStart,
      expected: 'the value in quotes, or without what begins with "!": tags are not read',
      received: 'a tag',
    });
  }
  if (event.type === EVENT_ID.SCALAR) return composeScalar(composer, event, tag);
  composer.offset = event.start;
  return event.type === EVENT_ID.SEQUENCE ? composeList(composer, event.start) : composeMap(composer, event.start);
}

function composeScalar(composer: Composer, event: ScalarEvent, tag: string): YamlNode {
  const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  if (event.valueStart >= 0) composer.offset = event.valueStart - (quoted ? 1 : 0);
  const plain = event.style === SCALAR_STYLE.PLAIN && tag === '';
  return { kind: 'scalar', text: getScalarValue(composer.text, event), plain, offset: composer.offset };
}

function composeList(composer: Composer, offset: number): YamlNode {
  const items: YamlNode[] = [];
  while (!atEnd(composer)) items.push(compose(composer));
  composer.at += 1;
  return { kind: 'list', items, offset };
}

function composeMap(composer: Composer, offset: number): YamlNode {
  const entries: YamlEntry[] = [];
  const seen = new Set<string>();
  while (!atEnd(composer)) {
    const key = compose(composer);
    const value = compose(composer);
    const text = key.kind === 'scalar' ? key.text : undefined;
    const fault = faultOfKey(text, key, seen);
    if (fault !== undefined) composer.faults.push({ offset: key.offset, ...fault });
    else if (text !== undefined) entries.push({ key: text, offset: key.offset, value });
    if (text !== undefined) seen.add(text);
  }
  composer.at += 1;
  return { kind: 'map', entries, offset };
}

function faultOfKey(
  text: string | undefined,
  key: YamlNode,
  seen: ReadonlySet<string>,
): Omit<YamlFault, 'offset'> | undefined {
  if (text === undefined) return { expected: 'a key that is a text', received: `a ${key.kind} as a key` };
  if (RESERVED_KEYS.has(text)) return { expected: 'another key: this one is reserved', received: `the key "${text}"` };
  if (text === '<<' && key.kind === 'scalar' && key.plain) {
    return { expected: 'the keys written out: merge keys are not read', received: 'the merge key "<<"' };
  }
  if (seen.has(text)) return { expected: 'every key once', received: `${shownKey(text)} a second time` };
  return undefined;
}

/** A key that does not look like a name may be a secret. */
function shownKey(key: string): string {
  return isName(key, []) ? `the key "${key}"` : 'a key';
}

function atEnd(composer: Composer): boolean {
  const event = composer.events[composer.at];
  return event === undefined || event.type === EVENT_ID.POP;
}
