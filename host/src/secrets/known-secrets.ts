import { MASKED_SECRET } from '@automate/contract';
import type { TextFinder } from './text-finder.ts';
import { createTextFinder } from './text-finder.ts';
import { createUnescape, MAX_LAYERS } from './unescape.ts';

/** Where known secrets stand in texts, in whatever escapes. */
export interface KnownSecrets {
  /** Whether any stands in the text. `cut`: what looks like a part of one where the text may have been cut counts too. */
  standIn(text: string, cut: boolean): boolean;
  /** The text with each of them, and of parts those where it may have been cut, replaced. */
  mask(text: string, cut: boolean): string;
  /** Whether the text is a secret from end to end. */
  equal(text: string): boolean;
}

/** Where people and programs cut texts: at these, and at both ends. */
const CUTS = ['…', '...', '"', '\\"'];
/** In data that is to stay as it is, the sign that stands for nothing else. */
const SURE_CUTS = ['…'];

/** What is left of escapes where a text is cut within one, before the cut and, at most so long, behind it. */
const BROKEN_END = /(?:\\+(?:u[\da-fA-F]{0,3}|x[\da-fA-F]?)?|%(?:[\da-fA-F]|u[\da-fA-F]{0,3})?|&#?[\da-zA-Z]{0,8})+$/;
const LONGEST_BROKEN = 24;
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
  const chars = new Set<string>();
  for (const form of forms) for (let at = 0; at < form.length; at += 1) chars.add(form.charAt(at));
  const unescape = createUnescape(chars);

  return {
    standIn(text, cut) {
      let plain = text;
      for (let layer = 0; ; layer += 1) {
        if (finder.holdsAny(plain) || findParts(plain, finder, cut, () => true)) return true;
        const next = layer < MAX_LAYERS ? unescape(plain) : undefined;
        if (next === undefined) return false;
        plain = next.text;
      }
    },

    mask(text, cut) {
      const spans: Span[] = [];
      let view: View = { text, startOf: (index) => index, endOf: (index) => index };
      for (let layer = 0; ; layer += 1) {
        const { text: plain, startOf, endOf } = view;
        const add = (start: number, end: number): void => void spans.push({ start: startOf(start), end: endOf(end) });
        // From the next character on, not from the match's end: secrets may overlap.
        for (let match = finder.find(plain, 0); match !== undefined; match = finder.find(plain, match.start + 1))
          add(match.start, match.end);
        findParts(plain, finder, cut, add);
        const next = layer < MAX_LAYERS ? unescape(plain) : undefined;
        if (next === undefined) return replaceSpans(text, spans);
        view = {
          text: next.text,
          startOf: (index) => startOf(next.startOf(index)),
          endOf: (index) => endOf(next.endOf(index)),
        };
      }
    },

    equal(text) {
      const match = finder.find(text, 0);
      return match?.start === 0 && match.end === text.length;
    },
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
    const whole = end - (BROKEN_END.exec(text.slice(Math.max(0, end - LONGEST_BROKEN), end))?.[0].length ?? 0);
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

function replaceSpans(text: string, spans: readonly Span[]): string {
  let masked = '';
  let done = 0;
  for (const [index, { start, end }] of spans.toSorted((a, b) => a.start - b.start).entries()) {
    // Those that touch are one.
    if (index === 0 || start > done) masked += text.slice(done, start) + MASKED_SECRET;
    done = Math.max(done, end);
  }
  return masked + text.slice(done);
}
