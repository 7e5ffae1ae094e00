import { stat } from 'node:fs/promises';
import { describeProblem } from '@automate/contract';
import type { TlsSettings } from '../host-settings.ts';
import type { TlsMaterial } from './tls-files.ts';
import { expiresSoon, readTlsFiles } from './tls-files.ts';

/** How often the files are looked at, in milliseconds. A look costs one `stat` each. */
const LOOK_MS = 1_000;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface TlsLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What the doors' TLS is made of at the moment. */
export interface TlsKeeper {
  readonly material: TlsMaterial;
  /** What is wrong with the files as they are, so that those before them still serve; undefined where nothing is. */
  readonly fault: string | undefined;
  /** Hears of material that takes the place of the former. */
  onChange(listener: (now: TlsMaterial, before: TlsMaterial) => void): void;
  close(): void;
}

/**
 * Reads the files again when they have changed, by whatever way: a file that is written in place or renamed over another, a
 * link that is turned elsewhere, as Kubernetes does. A pair is read once it has not changed for a second, as key and certificate
 * come one after the other; what is wrong then is said once, and what served before serves on.
 */
export function keepTls(settings: TlsSettings, first: TlsMaterial, log: TlsLogger): TlsKeeper {
  const files = Object.values(settings).filter((file) => file !== undefined) as readonly string[];
  const listeners: ((now: TlsMaterial, before: TlsMaterial) => void)[] = [];
  let material = first;
  let fault: string | undefined;
  let seen: string | undefined;
  let read: string | undefined;
  let closed = false;
  let warnedAt = -Infinity;

  const readAgain = (): void => {
    const answer = readTlsFiles(settings);
    if (!answer.ok) {
      const problems = answer.problems.map(describeProblem).join('; ');
      if (problems === fault) return;
      fault = problems;
      log.warn(
        { event: 'tls' },
        `the TLS files have changed and cannot be used, so that the certificate from before still serves: ${problems}`,
      );
      return;
    }
    const before = material;
    const isNew = answer.material.pair !== before.pair || answer.material.judges !== before.judges;
    const wasFaulty = fault !== undefined;
    fault = undefined;
    if (!isNew && !wasFaulty) return;
    material = answer.material;
    if (isNew) for (const listener of listeners) listener(material, before);
    log.info(
      { event: 'tls' },
      `TLS goes on with the files as they are now; the certificate is valid until ${material.expires.toISOString()}`,
    );
  };
  const warnOfEnd = (): void => {
    const now = Date.now();
    if (!expiresSoon(material) || now - warnedAt < DAY_MS) return;
    warnedAt = now;
    const when = material.expires.getTime() > now ? 'expires on' : 'expired on';
    log.warn(
      { event: 'tls' },
      `the TLS certificate ${when} ${material.expires.toISOString()}: put a new one into TLS_CERT_FILE; it is read without a restart`,
    );
  };
  const look = async (): Promise<void> => {
    const now = (await Promise.all(files.map(fingerprint))).join('\n');
    if (closed) return;
    // The first look is what was read at the start, or comes so soon after that it is read once more.
    if (now === seen && now !== read) {
      read = now;
      readAgain();
    }
    seen = now;
    warnOfEnd();
  };
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => (looking = false));
  }, LOOK_MS);
  timer.unref();
  warnOfEnd();
  return {
    get material() {
      return material;
    },
    get fault() {
      return fault;
    },
    onChange: (listener) => void listeners.push(listener),
    close: () => {
      closed = true;
      clearInterval(timer);
    },
  };
}

/** Differs whenever what the path leads to does. */
async function fingerprint(file: string): Promise<string> {
  try {
    const { dev, ino, mtimeNs, ctimeNs, size } = await stat(file, { bigint: true });
    return [dev, ino, mtimeNs, ctimeNs, size].join(' ');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unreadable';
  }
}
