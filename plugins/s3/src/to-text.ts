import { InvalidInputError } from '@automate/sdk';

/** The charset that a content type names, in lower case; UTF-8 where it names none. */
export function charsetOf(contentType: string | undefined): string {
  return /;\s*charset="?([^\s;"]+)/i.exec(contentType ?? '')?.[1]?.toLowerCase() ?? 'utf-8';
}

/**
 * The text of bytes in the charset of their content type.
 *
 * @param what the request, as the subject of a sentence
 * @throws InvalidInputError for a charset that is unknown, and for bytes that are none of its text.
 */
export function toText(bytes: Buffer, contentType: string | undefined, what: string): string {
  const charset = charsetOf(contentType);
  try {
    const bigEndian = charset === 'utf-16' && bytes[0] === 0xfe && bytes[1] === 0xff;
    return new TextDecoder(bigEndian ? 'utf-16be' : charset, { fatal: true, ignoreBOM: charset === 'utf-8' }).decode(
      bytes,
    );
  } catch (cause) {
    const utf8 = charset === 'utf-8';
    throw new InvalidInputError(
      `${what} gave bytes that are not ${utf8 ? 'UTF-8' : `text in the charset "${charset}" of their type`}; ask for them as base64`,
      { details: utf8 ? { reason: 'not_utf8' } : { reason: 'bad_charset', charset }, cause },
    );
  }
}
