import type { ErrorEnvelope, JsonValue } from '@automate/contract';
import { MASKED_SECRET } from '@automate/contract';
import { secretForms } from './secret-forms.ts';
import { createTextFinder } from './text-finder.ts';
import type { TextFinder } from './text-finder.ts';

export interface ScrubberOptions {
  /** Milliseconds that a secret stays known after its last owner let go of it, as a worker may still be draining. Default 60 s. */
  readonly lingerMs?: number;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
}

/** Keeps known secrets out of results, errors and logs. Values shorter than `MIN_SECRET_LENGTH` characters are not looked for. */
export interface Scrubber {
  /** Makes values known for an owner, usually a connector's id; those it taught before stay known. */
  learn(owner: string, values: readonly string[]): void;
  /** Forgets what only this owner taught, after a while. */
  release(owner: string): void;
  /**
   * JSON text without known secrets in any of its strings and keys; the very same text if there are none. Text that is
   * no JSON is treated as one string.
   */
  scrubText(jsonText: string): string;
  /** A plain string without known secrets. */
  scrubString(text: string): string;
  /** An error without known secrets in what it says; its code, class and flags are no secrets, whatever they look like. */
  scrubEnvelope(envelope: ErrorEnvelope): ErrorEnvelope;
}

export function createScrubber(options: ScrubberOptions = {}): Scrubber {
  const { lingerMs = 60_000, now = Date.now } = options;
  const owners = new Map<string, Set<string>>();
  const lingering = new Map<string, number>();
  let finder: TextFinder | undefined;

  const rebuild = (): void => {
    const forms = new Set<string>();
    for (const value of [...owners.values(), lingering.keys()].flatMap((values) => [...values])) {
      for (const form of secretForms(value)) forms.add(form);
    }
    finder = forms.size === 0 ? undefined : createTextFinder(forms);
  };
  const forgetOld = (): void => {
    const time = now();
    const old = [...lingering].filter(([, until]) => until <= time);
    for (const [value] of old) lingering.delete(value);
    if (old.length > 0) rebuild();
  };
  const current = (): TextFinder | undefined => {
    if (lingering.size > 0) forgetOld();
    return finder;
  };

  return {
    learn(owner, values) {
      const known = owners.get(owner) ?? new Set();
      const added = values.filter((value) => !known.has(value));
      if (added.length === 0) return;
      for (const value of added) known.add(value);
      owners.set(owner, known);
      rebuild();
    },
    release(owner) {
      for (const value of owners.get(owner) ?? []) lingering.set(value, now() + lingerMs);
      if (owners.delete(owner)) forgetOld();
    },
    scrubText: (jsonText) => scrubText(jsonText, current()),
    scrubString: (text) => scrubString(text, current()),
    scrubEnvelope: (envelope) => scrubEnvelope(envelope, current()),
  };
}

function scrubString(text: string, finder: TextFinder | undefined): string {
  if (finder === undefined || !finder.holdsAny(text)) return text;
  let match = finder.find(text, 0);
  let scrubbed = '';
  let from = 0;
  while (match !== undefined) {
    scrubbed += text.slice(from, match.start) + MASKED_SECRET;
    from = match.end;
    match = finder.find(text, from);
  }
  return scrubbed + text.slice(from);
}

function scrubText(jsonText: string, finder: TextFinder | undefined): string {
  if (finder === undefined || !finder.holdsAny(jsonText)) return jsonText;
  let value: JsonValue;
  try {
    value = JSON.parse(jsonText) as JsonValue;
  } catch {
    return scrubString(jsonText, finder);
  }
  try {
    // Lines of a log end with a newline, which is no part of their JSON.
    return JSON.stringify(scrubValue(value, finder)) + (/\s+$/.exec(jsonText)?.[0] ?? '');
  } catch {
    // Nested deeper than the stack: it holds a secret for certain, so nothing of it may pass.
    return JSON.stringify(MASKED_SECRET);
  }
}

function scrubValue(value: JsonValue, finder: TextFinder): JsonValue {
  if (typeof value === 'string') return scrubString(value, finder);
  if (typeof value === 'number') return scrubNumber(value, finder);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => scrubValue(item, finder));
  const entries = Object.entries(value).map(
    ([key, item]) => [scrubString(key, finder), scrubValue(item, finder)] as const,
  );
  return Object.fromEntries(entries);
}

/** A token of digits may come back as a number. Numbers that merely contain it are left alone. */
function scrubNumber(value: number, finder: TextFinder): JsonValue {
  const digits = String(value);
  const match = finder.find(digits, 0);
  return match?.start === 0 && match.end === digits.length ? MASKED_SECRET : value;
}

function scrubEnvelope(envelope: ErrorEnvelope, finder: TextFinder | undefined): ErrorEnvelope {
  if (finder === undefined) return envelope;
  const { message, details, problems } = envelope;
  return {
    ...envelope,
    message: scrubString(message, finder),
    ...(details === undefined ? {} : { details: JSON.parse(scrubText(JSON.stringify(details), finder)) }),
    ...(problems === undefined ? {} : { problems: JSON.parse(scrubText(JSON.stringify(problems), finder)) }),
  };
}
