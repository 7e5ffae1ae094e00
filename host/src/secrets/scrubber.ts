import type { ErrorEnvelope } from '@automate/contract';
import { MASKED_SECRET } from '@automate/contract';
import type { KnownSecrets } from './known-secrets.ts';
import { knowSecrets } from './known-secrets.ts';
import { secretForms } from './secret-forms.ts';

export interface ScrubberOptions {
  /** Milliseconds that a secret stays known after its last owner let go of it, as a worker may still be draining. Default 60 s. */
  readonly lingerMs?: number;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
}

/** Keeps known secrets out of results, errors and logs. Values shorter than `MIN_SECRET_LENGTH` characters are not looked for. */
export interface Scrubber {
  /** Makes values known for an owner, usually a connector's id; those it taught before stay known, the latest `MOST_OF_ONE` of them. */
  learn(owner: string, values: readonly string[]): void;
  /** Forgets what only this owner taught, after a while. */
  release(owner: string): void;
  /**
   * JSON text without known secrets in any of its strings and keys; the very same text if there are none. Text that is
   * no JSON is treated as one string.
   */
  scrubText(jsonText: string): string;
  /** As `scrubText` does it, for a line of a log: where its texts may have been cut, parts of secrets go too. */
  scrubLine(line: string): string;
  /** An error without known secrets in what it says, parts included; its code and flags are no secrets, whatever they look like. */
  scrubEnvelope(envelope: ErrorEnvelope): ErrorEnvelope;
  /** A plain string without known secrets and parts of them. */
  scrubString(text: string): string;
}

/** Secrets of one owner that are remembered: connectors obtain new tokens for as long as they run. */
const MOST_OF_ONE = 500;

export function createScrubber(options: ScrubberOptions = {}): Scrubber {
  const { lingerMs = 60_000, now = Date.now } = options;
  const owners = new Map<string, Set<string>>();
  const lingering = new Map<string, number>();
  let known: KnownSecrets | undefined;
  let formsOf = new Map<string, readonly string[]>();
  let changed = false;

  const current = (): KnownSecrets | undefined => {
    if (lingering.size > 0) forgetOld();
    // Not at once: a start teaches the secrets of all connectors, one after the other.
    if (changed) rebuild();
    return known;
  };
  const rebuild = (): void => {
    const before = formsOf;
    formsOf = new Map();
    for (const values of [...owners.values(), lingering.keys()])
      for (const value of values) formsOf.set(value, before.get(value) ?? secretForms(value));
    known = knowSecrets(new Set([...formsOf.values()].flat()));
    changed = false;
  };
  const forgetOld = (): void => {
    const time = now();
    for (const [value, until] of lingering) if (until <= time) changed = lingering.delete(value);
  };
  const letGo = (value: string): void => void lingering.set(value, now() + lingerMs);

  return {
    learn(owner, values) {
      const own = owners.get(owner) ?? new Set();
      owners.set(owner, own);
      for (const value of values) {
        // Anew at the end: what is taught again is not old.
        if (!own.delete(value)) changed = true;
        own.add(value);
      }
      for (const value of own) {
        if (own.size <= MOST_OF_ONE) break;
        own.delete(value);
        letGo(value);
      }
    },
    release(owner) {
      for (const value of owners.get(owner) ?? []) letGo(value);
      owners.delete(owner);
    },
    scrubText: (jsonText) => scrubJson(jsonText, current(), false),
    scrubLine: (line) => scrubJson(line, current(), true),
    scrubEnvelope: (envelope) => scrubEnvelope(envelope, current()),
    scrubString: (text) => scrubString(text, current(), true),
  };
}

function scrubString(text: string, known: KnownSecrets | undefined, cut: boolean): string {
  return known?.standIn(text, cut) === true ? known.mask(text, cut) : text;
}

/** A text without a secret is returned as it is, so that no number is rewritten. */
function scrubJson(given: string, known: KnownSecrets | undefined, cut: boolean): string {
  if (known?.standIn(given, cut) !== true) return given;
  if (!isJson(given)) return known.mask(given, cut);
  const text = known.maskNumbers(given, cut, blankStrings(given));
  let scrubbed = '';
  let done = 0;
  for (const { open, end } of stringsOf(text)) {
    const written = text.slice(open, end);
    const value = JSON.parse(written) as string;
    const masked = known.mask(value, cut);
    scrubbed += scrubNumbers(text.slice(done, open), known) + (masked === value ? written : JSON.stringify(masked));
    done = end;
  }
  return scrubbed + scrubNumbers(text.slice(done), known);
}

/** JSON of the same length whose texts say nothing. */
function blankStrings(json: string): string {
  let blanked = '';
  let done = 0;
  for (const { open, end } of stringsOf(json)) {
    blanked += `${json.slice(done, open)}"${' '.repeat(end - open - 2)}"`;
    done = end;
  }
  return blanked + json.slice(done);
}

function* stringsOf(json: string): Generator<{ readonly open: number; readonly end: number }> {
  for (let open = json.indexOf('"'); open !== -1;) {
    const end = endOfString(json, open);
    yield { open, end };
    open = json.indexOf('"', end);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Where the string that begins at `open` has ended. */
function endOfString(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); ; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === '\\') escapes += 1;
    if (escapes % 2 === 0) return at + 1;
  }
}

/** A secret of digits may be answered as a number. Numbers that merely contain it are left alone. */
function scrubNumbers(between: string, known: KnownSecrets): string {
  return between.replaceAll(/-?\d[\d.eE+-]*/g, (number) =>
    known.equal(number) ? JSON.stringify(MASKED_SECRET) : number,
  );
}

function scrubEnvelope(envelope: ErrorEnvelope, known: KnownSecrets | undefined): ErrorEnvelope {
  if (known === undefined) return envelope;
  const { name, message, details, problems } = envelope;
  return {
    ...envelope,
    name: scrubString(name, known, true),
    message: scrubString(message, known, true),
    ...(details === undefined ? {} : { details: JSON.parse(scrubJson(JSON.stringify(details), known, true)) }),
    ...(problems === undefined ? {} : { problems: JSON.parse(scrubJson(JSON.stringify(problems), known, true)) }),
  };
}
