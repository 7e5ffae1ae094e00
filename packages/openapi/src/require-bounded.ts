import { DocumentError } from './document-error.ts';

/** Characters that a document may have once each alias is written out. What has no aliases is not longer than its text. */
const MAX_LENGTH = 128 * 1024 * 1024;

/**
 * Sees to it that what was read from YAML ends, and is not far longer than its text: aliases can say a whole over and over again in
 * a few lines, and can stand within what they stand for.
 *
 * @throws DocumentError where it is not so
 */
export function requireBounded(document: unknown): void {
  const lengths = new Map<object, number>();
  const open = new Set<object>();
  const lengthOf = (value: unknown): number => {
    if (typeof value === 'string') return value.length + 1;
    if (typeof value !== 'object' || value === null) return 1;
    const known = lengths.get(value);
    if (known !== undefined) return known;
    if (open.has(value)) throw new DocumentError('an alias of its YAML stands within what it stands for');
    open.add(value);
    let length = 1;
    for (const [name, member] of Object.entries(value)) length += name.length + lengthOf(member);
    open.delete(value);
    lengths.set(value, length);
    return length;
  };
  if (lengthOf(document) > MAX_LENGTH)
    throw new DocumentError('the aliases of its YAML make it longer than 128 Mi characters');
}
