import { z } from 'zod';
import { DURATION_PATTERN, formatDuration, MAX_DURATION_MS, parseDuration } from './duration.ts';

// The message of every schema is what it expects, in words that follow "expected". Problems are built from it.

/** A map that has these keys and no others. */
export function strictMap<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, { error: (issue) => (issue.code === 'invalid_type' ? 'a map' : undefined) });
}

/** A text that is not empty. */
export function text(): z.ZodString {
  return z.string('a text').min(1, 'a text that is not empty');
}

/** A text of a certain form. */
export function pattern(form: RegExp, expected: string): z.ZodString {
  return z.string(expected).regex(form, expected);
}

/** A host name or an address, without scheme, port or path. IPv6 with or without brackets. */
export function hostName(): z.ZodString {
  const expected = 'a host name or address, without scheme, port or path';
  const form =
    /^(?:\[(?=.{2,45}\]$)[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\]|(?=.{2,45}$)[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*|[^\s/?#@\\:[\]]{1,253})$/;
  // Of what looks like an address, not all is one.
  return pattern(form, expected).refine((host) => host.includes(':') || URL.canParse(`http://${host}`), expected);
}

export function flag(): z.ZodBoolean {
  return z.boolean('true or false');
}

export function whole(least: number, most: number, words = `a whole number from ${least} to ${most}`): z.ZodInt {
  return z.int(words).min(least, words).max(most, words);
}

export function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
): z.ZodEnum<{ [Word in Words[number]]: Word }> {
  return z.enum(words, words.length === 1 ? `"${words[0]}"` : `one of ${words.join(', ')}`);
}

/** A duration as text, from so many milliseconds to so many. */
export function lasting(leastMs: number, mostMs: number = MAX_DURATION_MS): z.ZodString {
  const expected = 'a duration such as "30s", "250ms" or "1m30s"';
  const bounds = `a duration from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`;
  return z
    .string(expected)
    .regex(DURATION_PATTERN, { error: expected, abort: true })
    .refine((value) => {
      const ms = parseDuration(value);
      return ms !== undefined && ms >= leastMs && ms <= mostMs;
    }, bounds);
}

/** A list of texts. */
export function textList(): z.ZodArray<z.ZodString> {
  return z.array(text(), 'a list of texts');
}

/** A map that users fill with texts. */
export function textMap(): z.ZodRecord<z.ZodString, z.ZodString> {
  return z.record(
    z.string(),
    z.string('a text (in quotes, if it looks like a number or a truth value)'),
    'a map of texts',
  );
}

/** A map that users fill with whatever JSON can carry. */
export function jsonMap(): z.ZodRecord<z.ZodString, z.ZodUnknown> {
  return z.record(z.string(), z.unknown(), 'a map');
}
