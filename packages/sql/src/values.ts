import type { JsonValue } from '@automate/sdk';

/** A whole number, written out: a JSON number where that holds it exactly, else text. */
export function integerValue(text: string): JsonValue {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/** JSON has neither NaN nor infinity: they stay text. */
export function floatValue(text: string): JsonValue {
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}

export function bytesValue(bytes: Uint8Array): JsonValue {
  return { base64: Buffer.from(bytes).toString('base64') };
}

/** A JSON text's value. Numbers that would lose digits as JSON numbers become text within it. */
export function jsonValue(text: string): JsonValue {
  // Fewer digits than these are always kept, and looking at each value takes time.
  if (!/\d[\d.]{15}|\d[eE]/.test(text)) return JSON.parse(text) as JsonValue;
  // The types of this Node version know no third argument.
  const revive = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && context?.source !== undefined && !isExact(context.source, value)
      ? context.source
      : value;
  return JSON.parse(text, revive) as JsonValue;
}

function isExact(source: string, value: number): boolean {
  return Number.isFinite(value) && digitsOf(source) === digitsOf(String(value));
}

/** A number as its significant digits and the power of ten of the last one: `-12.50e3` and `-12500` are both `-125e2`. */
function digitsOf(text: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const short = digits.replace(/0+$/, '');
  return short === '' ? '0' : `${sign}${short}e${Number(power) - fraction.length + digits.length - short.length}`;
}
