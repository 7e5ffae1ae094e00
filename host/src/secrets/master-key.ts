import { createHash, hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Everything that others than the owner may do, and that nobody may do with a key. */
const FORBIDDEN_MODE = 0o177;
const KEY_BYTES = 32;
/** Keys that the host itself keeps. */
const MOST_KEYS = 300;
/** Largest file, in bytes: some more than that. */
const MAX_FILE_BYTES = 16 * 1024;
/** 32 bytes in base64, as `openssl rand -base64 32` prints them. */
const KEY_LINE = /^[A-Za-z0-9+/]{43}=$/;

/** One key. Its bytes are handed out to nobody: what is needed of it is derived. */
export interface MasterKey {
  /** Twelve hexadecimal digits that follow from the key, so that what was sealed under it can name it. */
  readonly id: string;
  /** 32 bytes for one use, the same for the same label as long as the key is the same. */
  derive(label: string): Buffer;
}

/** The keys of a host, the one in use first. Each method reads the files, so that a rotation is seen at once, and throws MasterKeyError. */
export interface MasterKeys {
  /** Where the key in use is, or would be made. */
  readonly file: string;
  /** Whether that is the host's own place, beside the data that the key protects. */
  readonly besideData: boolean;
  /** Every key, the one in use first; none where none was made yet. */
  all(): readonly MasterKey[];
  /** The one that is in use. Made, beside the data, where there is none and no MASTER_KEY_FILE is named. */
  current(): MasterKey;
  /** Makes a new key and puts it in use; the others are kept, as older backups and records need them. Only where `besideData`; one at a time. */
  renew(): MasterKey;
}

export interface MasterKeysOptions {
  readonly dataDir: string;
  /** MASTER_KEY_FILE. Absent: the host makes a key of its own in `keys/` of the data directory. */
  readonly keyFile?: string | undefined;
  /** Hears, in a sentence for the operator, that a key was made. */
  onMade?(warning: string): void;
}

/** A key file that cannot be used, in words for the operator and without a byte of a key. */
export class MasterKeyError extends Error {
  override readonly name = 'MasterKeyError';
}

/** Nothing is read or made yet. */
export function openMasterKeys({ dataDir, keyFile, onMade }: MasterKeysOptions): MasterKeys {
  const own = join(dataDir, 'keys', 'master.key');
  const file = keyFile ?? own;
  const besideData = keyFile === undefined;
  const all = (): readonly MasterKey[] => {
    const given = readKeys(file, besideData ? 'the master key' : 'MASTER_KEY_FILE');
    if (given === undefined && !besideData)
      throw new MasterKeyError(
        `MASTER_KEY_FILE: ${file} does not exist: write a key there with "(umask 077; openssl rand -base64 32 > ${file})"`,
      );
    // Those that the host made before it was given one may still be needed to read.
    return [...(given ?? []), ...(besideData ? [] : (readKeys(own, 'an older master key') ?? []))].map(toKey);
  };
  const current = (): MasterKey => {
    const [first] = all();
    if (first !== undefined) return first;
    makeKeyDir(own);
    const draft = writeDraft(own, [newLine()]);
    try {
      // Whoever comes second takes what the first has made.
      linkSync(draft, own);
      syncDir(own);
      onMade?.(describeMade(own));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(own, error);
    } finally {
      rmSync(draft, { force: true });
    }
    const [made] = all();
    if (made === undefined) throw new MasterKeyError(`the master key: ${own} holds no key`);
    return made;
  };
  return {
    file,
    besideData,
    all,
    current,
    renew() {
      if (!besideData)
        throw new MasterKeyError(
          `MASTER_KEY_FILE: ${file} is not the host's to change: put a new key above the others there, one to a line, and rotate again`,
        );
      const older = readKeys(own, 'the master key') ?? [];
      if (older.length >= MOST_KEYS)
        throw new MasterKeyError(
          `the master key: ${own} holds ${older.length} keys: remove the last lines of it, whose keys no backup needs any more`,
        );
      makeKeyDir(own);
      removeDrafts(own);
      const draft = writeDraft(own, [newLine(), ...older.map((key) => key.toString('base64'))]);
      try {
        renameSync(draft, own);
        syncDir(own);
      } catch (error) {
        rmSync(draft, { force: true });
        throw unwritable(own, error);
      }
      return current();
    },
  };
}

/** What the operator should know of a key beside the data. */
export function describeBesideData(file: string): string {
  return `the key of the stored secrets, ${file}, lies beside the data that it protects: whoever copies the directory has both. Keep it elsewhere and name it with MASTER_KEY_FILE`;
}

function describeMade(file: string): string {
  return `a master key was made. Keep a copy of it, without which stored secrets cannot be read; and ${describeBesideData(file)}`;
}

function toKey(bytes: Buffer): MasterKey {
  const derive = (label: string): Buffer => Buffer.from(hkdfSync('sha256', bytes, '', `automate ${label}`, KEY_BYTES));
  // Of a derivation: an id of the key's own bytes would tell whether a guessed key is the one.
  return { id: createHash('sha256').update(derive('id')).digest('hex').slice(0, 12), derive };
}

function newLine(): string {
  return randomBytes(KEY_BYTES).toString('base64');
}

/** The keys of a file, one to a line in base64; undefined where there is no such file. */
function readKeys(file: string, what: string): readonly Buffer[] | undefined {
  const text = readKeyFile(file, what);
  if (text === undefined) return undefined;
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const wrong = lines.findIndex((line) => !KEY_LINE.test(line));
  if (wrong !== -1 || lines.length === 0) {
    const where = lines.length === 0 ? 'nothing' : `another text in line ${wrong + 1}`;
    throw new MasterKeyError(
      `${what}: ${file}: expected keys of 32 bytes in base64, one to a line, the one in use first, as "openssl rand -base64 32" prints one; received ${where}`,
    );
  }
  return lines.map((line) => Buffer.from(line, 'base64'));
}

function readKeyFile(file: string, what: string): string | undefined {
  let descriptor: number | undefined;
  try {
    // A pipe must not make the host wait.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new MasterKeyError(`${what}: ${file} is not a regular file`);
    if ((stats.mode & FORBIDDEN_MODE) !== 0) {
      const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
      throw new MasterKeyError(`${what}: ${file} has the mode ${mode}, which is wider than 0600: chmod 600 it`);
    }
    const bytes = Buffer.alloc(MAX_FILE_BYTES + 1);
    const length = readSync(descriptor, bytes, 0, bytes.length, 0);
    if (length > MAX_FILE_BYTES) throw new MasterKeyError(`${what}: ${file} is larger than ${MAX_FILE_BYTES} bytes`);
    return bytes.toString('latin1', 0, length);
  } catch (error) {
    if (error instanceof MasterKeyError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new MasterKeyError(`${what}: ${file} cannot be read (${code ?? 'unknown error'})`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function makeKeyDir(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** A file of these lines beside the one that it is to become, on the disk when this returns. */
function writeDraft(file: string, lines: readonly string[]): string {
  const draft = `${file}.${randomUUID()}`;
  try {
    const descriptor = openSync(draft, 'wx', 0o600);
    try {
      writeSync(descriptor, `${lines.join('\n')}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    return draft;
  } catch (error) {
    rmSync(draft, { force: true });
    throw unwritable(file, error);
  }
}

/** Those of processes that were killed. */
function removeDrafts(file: string): void {
  const drafts = readdirSync(dirname(file)).filter((name) => name.startsWith(`${basename(file)}.`));
  for (const name of drafts) rmSync(join(dirname(file), name), { force: true });
}

/** A secret must not outlive its key, which it would where a power cut takes the new name back. */
function syncDir(file: string): void {
  const descriptor = openSync(dirname(file), 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function unwritable(file: string, error: unknown): MasterKeyError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return new MasterKeyError(
    `the master key: ${file} cannot be written (${code}): give the host's user the right to, or name a key with MASTER_KEY_FILE`,
  );
}
