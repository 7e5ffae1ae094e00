/** An address of IPv4 or IPv6 as sixteen bytes, IPv4 as IPv6 maps it (`::ffff:10.0.0.1`). */
export type AddressBytes = readonly number[];

const DIGITS: Readonly<Record<string, number>> = freezeTable(
  Object.fromEntries([
    ...Array.from({ length: 10 }, (_, digit) => [String(digit), digit]),
    ...'abcdef'.split('').flatMap((letter, index) => [
      [letter, 10 + index],
      [letter.toUpperCase(), 10 + index],
    ]),
  ]) as Record<string, number>,
);

const MAPPED: AddressBytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

/**
 * Reads an address as the system is given it: four decimal numbers, or IPv6 in any form, with or without a zone. Undefined for all
 * else, names and other spellings of IPv4 included.
 *
 * Calls no method of any text or list: a connector may have replaced them, and what guards its sockets reads addresses by this.
 */
export function parseAddress(text: string): AddressBytes | undefined {
  const four = readFour(text, 0, text.length);
  return four === undefined ? readSix(text) : mapped(four);
}

/**
 * The addresses of IPv4 that an address of IPv6 may lead to: mapped, compatible, translated (NAT64), 6to4, Teredo, ISATAP. Itself
 * among them, the first.
 */
export function facesOf(bytes: AddressBytes): readonly AddressBytes[] {
  const faces: AddressBytes[] = [bytes];
  const add = (from: number, flip = 0): void => {
    faces[faces.length] = mapped([
      (bytes[from] as number) ^ flip,
      (bytes[from + 1] as number) ^ flip,
      (bytes[from + 2] as number) ^ flip,
      (bytes[from + 3] as number) ^ flip,
    ]);
  };
  if (isIPv4(bytes)) return faces;
  // Compatible, but for the two that IPv6 has of its own, and translated by older stacks: `::ffff:0:a.b.c.d`.
  if (startsWith(bytes, ZEROS_12) && !startsWith(bytes, ZEROS_15)) add(12);
  if (startsWith(bytes, SIIT)) add(12);
  if (startsWith(bytes, NAT64)) add(12);
  if (startsWith(bytes, NAT64_LOCAL)) add(12);
  if (startsWith(bytes, SIX_TO_FOUR)) add(2);
  // The server's address, and the client's, whose bits are flipped.
  if (startsWith(bytes, TEREDO)) add(4);
  if (startsWith(bytes, TEREDO)) add(12, 255);
  if (bytes[8] !== undefined && (bytes[8] & 253) === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe)
    add(12);
  return faces;
}

/** Whether it is an address of IPv4. */
export function isIPv4(bytes: AddressBytes): boolean {
  return startsWith(bytes, MAPPED);
}

/** Whether the first `bits` of both are the same. */
export function sharesPrefix(a: AddressBytes, b: AddressBytes, bits: number): boolean {
  for (let at = 0; at < 16 && at * 8 < bits; at += 1) {
    const left = bits - at * 8;
    const mask = left >= 8 ? 255 : 255 & (255 << (8 - left));
    if (((a[at] as number) & mask) !== ((b[at] as number) & mask)) return false;
  }
  return true;
}

const ZEROS_12: AddressBytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const ZEROS_15: AddressBytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const SIIT: AddressBytes = [0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0];
const NAT64: AddressBytes = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];
const NAT64_LOCAL: AddressBytes = [0, 0x64, 0xff, 0x9b, 0, 1];
const SIX_TO_FOUR: AddressBytes = [0x20, 0x02];
const TEREDO: AddressBytes = [0x20, 0x01, 0, 0];

function startsWith(bytes: AddressBytes, prefix: AddressBytes): boolean {
  return sharesPrefix(bytes, prefix, prefix.length * 8);
}

function mapped(four: readonly number[]): AddressBytes {
  const [a = 0, b = 0, c = 0, d = 0] = four;
  return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, a, b, c, d];
}

function readFour(text: string, from: number, to: number): readonly number[] | undefined {
  const four = [0, 0, 0, 0];
  let part = 0;
  let digits = 0;
  for (let at = from; at < to; at += 1) {
    const letter = text[at] as string;
    const digit = DIGITS[letter];
    if (letter === '.') {
      if (digits === 0 || part === 3) return undefined;
      part += 1;
      digits = 0;
    } else {
      if (digit === undefined || digit > 9 || digits === 3) return undefined;
      // A leading zero means octal to some.
      if (digits > 0 && four[part] === 0) return undefined;
      four[part] = (four[part] as number) * 10 + digit;
      if ((four[part] as number) > 255) return undefined;
      digits += 1;
    }
  }
  return part === 3 && digits > 0 ? four : undefined;
}

function readSix(text: string): AddressBytes | undefined {
  const bytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  let end = 0;
  while (end < text.length && text[end] !== '%') end += 1;
  let filled = 0;
  let gap = -1;
  let at = 0;
  if (end >= 2 && text[0] === ':' && text[1] === ':') {
    gap = 0;
    at = 2;
  }
  while (at < end) {
    let stop = at;
    let dotted = false;
    while (stop < end && text[stop] !== ':') {
      if (text[stop] === '.') dotted = true;
      stop += 1;
    }
    if (dotted) {
      const four = stop === end ? readFour(text, at, end) : undefined;
      if (four === undefined || filled > 12) return undefined;
      for (let index = 0; index < 4; index += 1) bytes[filled + index] = four[index] as number;
      filled += 4;
      break;
    }
    if (stop === at || stop - at > 4 || filled > 14) return undefined;
    let value = 0;
    for (let index = at; index < stop; index += 1) {
      const digit = DIGITS[text[index] as string];
      if (digit === undefined) return undefined;
      value = value * 16 + digit;
    }
    bytes[filled] = value >> 8;
    bytes[filled + 1] = value & 255;
    filled += 2;
    at = stop + 1;
    if (stop === end) break;
    // A colon in the end belongs to a gap.
    if (at === end) return undefined;
    if (text[at] === ':') {
      if (gap !== -1) return undefined;
      gap = filled;
      at += 1;
    }
  }
  if (gap === -1) return filled === 16 ? bytes : undefined;
  if (filled > 14) return undefined;
  const moved = filled - gap;
  for (let index = 0; index < moved; index += 1) {
    bytes[15 - index] = bytes[filled - 1 - index] as number;
    bytes[filled - 1 - index] = 0;
  }
  return bytes;
}

/** Without a prototype, of which letters could be looked up. */
function freezeTable(table: Record<string, number>): Readonly<Record<string, number>> {
  return Object.freeze(Object.assign(Object.create(null) as Record<string, number>, table));
}
