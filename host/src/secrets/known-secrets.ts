import { MASKED_SECRET } from '@automate/contract';
import type { TextFinder } from './text-finder.ts';
import { createTextFinder } from './text-finder.ts';
import { createShowBytes } from './shown-bytes.ts';
import type { Unescaped } from './unescape.ts';
import { createUnescape, createUnquote, MAX_LAYERS } from './unescape.ts';

/** Where known secrets stand in texts, in whatever escapes. */
export interface KnownSecrets {
  /** Whether any stands in the text. `cut`: what looks like a part of one where the text may have been cut counts too. */
  standIn(text: string, cut: boolean): boolean;
  /** The text with each of them, and of parts those where it may have been cut, replaced. */
  mask(text: string, cut: boolean): string;
  /** The same for JSON of which the texts have been taken out: numbers that are a secret's bytes. */
  maskNumbers(json: string, cut: boolean, blanked: string): string;
  /** Whether the text is a secret from end to end. */
  equal(text: string): boolean;
}

/** Where people and programs cut texts: at these, and at both ends. */
const CUTS = ['…', '...', '"'];
/** The only sign of a cut that counts in data: the others may be part of the data itself. */
const SURE_CUTS = ['…'];

/** The part of an escape before a cut, where a text was cut within an escape; and how long such parts may be. */
const BROKEN_END = /(?:\\+(?:u[\da-fA-F]{0,3}|x[\da-fA-F]?)?|%(?:[\da-fA-F]|u[\da-fA-F]{0,3})?|&#?[\da-zA-Z]{0,8})+$/;
const LONGEST_BROKEN = 24;
const LONGEST_REFERENCE = 10;
const LONGEST_REST = 6;

interface Span {
  readonly start: number;
  readonly end: number;
}

/** A text with some layers of escapes undone, and where its characters stand in the text itself. */
interface View {
  readonly text: string;
  startOf(index: number): number;
  endOf(index: number): number;
}

/** @param forms of each secret, as `secretForms` gives them; undefined where there is nothing to look for */
export function knowSecrets(forms: ReadonlySet<string>): KnownSecrets | undefined {
  if (forms.size === 0) return undefined;
  const finder = createTextFinder(forms);
  const unescape = createUnescape(finder);
  const showBytes = createShowBytes(finder);
  const unquote = createUnquote(finder);

  /** Shows the text as it is, with each layer of escapes undone, and what stands in it as bytes, until it is enough. */
  const showViews = (
    view: View,
    layer: number,
    within: 'text' | 'bytes',
    isEnough: (view: View) => boolean,
  ): boolean => {
    if (isEnough(view)) return true;
    const show = (next: Unescaped | undefined, kind: 'text' | 'bytes'): boolean =>
      next !== undefined && showViews(through(view, next), layer + 1, kind, isEnough);
    if (layer < MAX_LAYERS && show(unescape(view.text), within)) return true;
    if (layer === 0 && show(unquote(view.text), within)) return true;
    return within === 'text' && show(showBytes(view.text), 'bytes');
  };

  const spansIn = ({ text, startOf, endOf }: View, cut: boolean): readonly Span[] => {
    const spans: Span[] = [];
    const add = (start: number, end: number): void => void spans.push({ start: startOf(start), end: endOf(end) });
    // The search goes on from the next character, not from the match's end: secrets may overlap.
    for (let match = finder.find(text, 0); match !== undefined; match = finder.find(text, match.start + 1))
      add(match.start, match.end);
    findParts(text, finder, cut, add);
    return spans;
  };

  return {
    standIn: (text, cut) =>
      showViews(
        viewOf(text),
        0,
        'text',
        (view) => finder.holdsAny(view.text) || findParts(view.text, finder, cut, () => true),
      ),

    mask(text, cut) {
      const spans: Span[] = [];
      showViews(viewOf(text), 0, 'text', (view) => {
        spans.push(...spansIn(view, cut));
        return false;
      });
      return replaceSpans(text, spans, MASKED_SECRET);
    },

    maskNumbers(json, cut, blanked) {
      const bytes = showBytes(blanked);
      if (bytes === undefined) return json;
      const spans = spansIn(through(viewOf(blanked), bytes), cut).map(({ start, end }) => ({
        start: start - (/[\d.eE+-]*$/.exec(blanked.slice(0, start))?.[0].length ?? 0),
        end: end + (/^[\d.eE+-]*/.exec(blanked.slice(end))?.[0].length ?? 0),
      }));
      return replaceSpans(json, spans, JSON.stringify(MASKED_SECRET));
    },

    equal(text) {
      const match = finder.find(text, 0);
      return match?.start === 0 && match.end === text.length;
    },
  };
}

function viewOf(text: string): View {
  return { text, startOf: (index) => index, endOf: (index) => index };
}

function through({ startOf, endOf }: View, next: Unescaped): View {
  return {
    text: next.text,
    startOf: (index) => startOf(next.startOf(index)),
    endOf: (index) => endOf(next.endOf(index)),
  };
}

/** Parts of secrets beside the places where the text may have been cut. Stops, and gives true, where `onPart` does. */
function findParts(
  text: string,
  finder: TextFinder,
  cut: boolean,
  onPart: (start: number, end: number) => boolean | void,
): boolean {
  const look = (end: number, start: number): boolean => {
    const whole = end - brokenBefore(text, end);
    const from = finder.findCutEnd(text, end) ?? (whole < end ? finder.findCutEnd(text, whole) : undefined);
    if (from !== undefined && onPart(from, end) === true) return true;
    for (let at = start; at < start + LONGEST_REST; at += 1) {
      const to = finder.findCutStart(text, at);
      if (to !== undefined) return onPart(at, to) === true;
    }
    return false;
  };
  for (const sign of cut ? CUTS : SURE_CUTS) {
    for (let at = text.indexOf(sign); at !== -1; at = text.indexOf(sign, at + 1))
      if (look(at, at + sign.length)) return true;
  }
  return cut && look(text.length, 0);
}

/** How many characters of a broken escape stand before the cut at `end`. The pattern is only asked where there may be one. */
function brokenBefore(text: string, end: number): number {
  const least = Math.max(0, end - LONGEST_REFERENCE);
  let at = end - 1;
  while (at > least && isOfReference(text.charCodeAt(at))) at -= 1;
  if (at < 0 || !isSignOfEscape(text.charCodeAt(at))) return 0;
  return BROKEN_END.exec(text.slice(Math.max(0, end - LONGEST_BROKEN), end))?.[0].length ?? 0;
}

function isSignOfEscape(code: number): boolean {
  return code === 0x5c || code === 0x25 || code === 0x26;
}

/** Letters, digits and `#`. */
function isOfReference(code: number): boolean {
  const small = code | 0x20;
  return (small >= 0x61 && small <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x23;
}

function replaceSpans(text: string, spans: readonly Span[], mark: string): string {
  let masked = '';
  let done = 0;
  for (const [index, { start, end }] of spans.toSorted((a, b) => a.start - b.start).entries()) {
    // Those that touch are one.
    if (index === 0 || start > done) masked += text.slice(done, start) + mark;
    done = Math.max(done, end);
  }
  return masked + text.slice(done);
}
