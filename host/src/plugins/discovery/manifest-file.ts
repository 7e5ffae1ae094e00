import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Fault } from './fault.ts';
import { systemCode } from './fault.ts';

/** The largest package.json of a connector package, in bytes. */
export const MAX_MANIFEST_BYTES = 256 * 1024;

/** Beyond this, a package.json is not even searched. */
const MAX_SEARCHED_BYTES = 16 * 1024 * 1024;

/** What lies at the path of a package.json. */
export type ManifestFile =
  /** It may declare connectors, and is small enough to be read. */
  | { readonly kind: 'text'; readonly text: string }
  /** It cannot declare connectors: the word is not in it. */
  | { readonly kind: 'foreign' }
  /** There is no such file. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly fault: Fault };

export type ManifestReader = (path: string) => ManifestFile;

/** Every connector package's manifest contains this: in its own field, or at least in the keyword. */
const NEEDLE = '"automate';
/** The part that is searched for first: the quote before it stands in every line, and each would cost a comparison. */
const RARE_PART = 'utomate';
const CLOSING_BRACE = 0x7d;

/** Opening a pipe for reading waits for a writer unless told not to. Absent on Windows, which has no such files. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

const FOREIGN: ManifestFile = { kind: 'foreign' };
const ABSENT: ManifestFile = { kind: 'absent' };

/**
 * Makes a function that reads package.json files one after the other into one buffer. Reading is synchronous: measured
 * over thousands of packages it takes a fifth of the time of the asynchronous calls, as each file is one short read.
 */
export function createManifestReader(): ManifestReader {
  const buffer = Buffer.allocUnsafeSlow(MAX_MANIFEST_BYTES + 1);
  return (path) => {
    let file: number;
    try {
      file = openSync(path, OPEN_FLAGS);
    } catch (error) {
      return openFailure(systemCode(error));
    }
    try {
      const length = readSync(file, buffer, 0, buffer.length, null);
      // A manifest ends with a brace. Anything else (a pipe, a file cut short, a large one) is worth a second look.
      if (length < buffer.length && endsWithBrace(buffer, length)) return fromBytes(buffer, length);
      return readFurther(file, buffer, length);
    } catch (error) {
      return readFailure(systemCode(error));
    } finally {
      closeSync(file);
    }
  };
}

function fromBytes(buffer: Buffer, length: number): ManifestFile {
  // One byte a character: the cheapest text there is to search, and cheaper than a view of the buffer.
  if (!mentionsUs(buffer.toString('latin1', 0, length))) return FOREIGN;
  return { kind: 'text', text: buffer.toString('utf8', 0, length) };
}

function mentionsUs(text: string): boolean {
  return text.includes(RARE_PART) && text.includes(NEEDLE);
}

function endsWithBrace(buffer: Buffer, length: number): boolean {
  let last = length - 1;
  while (last >= 0 && isSpace(buffer[last])) last--;
  return last >= 0 && buffer[last] === CLOSING_BRACE;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x20 || byte === 0x0d || byte === 0x09;
}

function readFurther(file: number, buffer: Buffer, alreadyRead: number): ManifestFile {
  const status = fstatSync(file);
  if (!status.isFile())
    return notAFile(status.isDirectory() ? 'a directory' : status.isFIFO() ? 'a pipe' : 'a device or socket');
  let length = alreadyRead;
  while (length < buffer.length) {
    const more = readSync(file, buffer, length, buffer.length - length, null);
    if (more === 0) break;
    length += more;
  }
  if (length === 0)
    return unreadable('a JSON object', 'an empty file', 'install the package again: the installation was cut short');
  // Without its brace it is broken JSON; the parser says where.
  if (length < buffer.length)
    return endsWithBrace(buffer, length)
      ? fromBytes(buffer, length)
      : { kind: 'text', text: buffer.toString('utf8', 0, length) };
  return searchLargeFile(file, buffer, status.size);
}

/** A large package.json is a fault only where it may declare connectors; others may have any size. */
function searchLargeFile(file: number, buffer: Buffer, size: number): ManifestFile {
  const overlap = NEEDLE.length - 1;
  let position = 0;
  while (position < MAX_SEARCHED_BYTES) {
    const length = readSync(file, buffer, 0, buffer.length, position);
    if (length <= overlap) return FOREIGN;
    if (mentionsUs(buffer.toString('latin1', 0, length))) break;
    position += length - overlap;
  }
  return {
    kind: 'unreadable',
    fault: {
      path: 'package.json',
      expected: `at most ${MAX_MANIFEST_BYTES / 1024} KiB`,
      received: `${Math.ceil(size / 1024)} KiB`,
      blame: 'plugin',
      remedy: 'move what does not belong into package.json elsewhere',
    },
  };
}

function openFailure(code: string): ManifestFile {
  if (code === 'ENOENT' || code === 'ENOTDIR') return ABSENT;
  if (code === 'ELOOP')
    return unreadable('a package', 'symbolic links that lead in a circle (ELOOP)', 'install the package again');
  if (code === 'ENXIO') return notAFile('a device or socket');
  return readFailure(code);
}

function readFailure(code: string): ManifestFile {
  if (code === 'EISDIR') return notAFile('a directory');
  // A pipe that someone writes to has nothing to read yet.
  if (code === 'EAGAIN') return notAFile('a pipe');
  if (code === 'EACCES' || code === 'EPERM') {
    return unreadable(
      'a readable file',
      `a file that may not be read (${code})`,
      'give the account that runs the host the right to read it',
    );
  }
  return unreadable('a readable file', `an error of the file system (${code})`, 'install the package again');
}

function notAFile(what: string): ManifestFile {
  return unreadable('a file', what, 'remove it and install the package again');
}

function unreadable(expected: string, received: string, remedy: string): ManifestFile {
  return { kind: 'unreadable', fault: { path: 'package.json', expected, received, blame: 'operator', remedy } };
}
