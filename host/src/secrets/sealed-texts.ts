import { UnavailableError } from '@automate/contract';
import type { MasterKey, MasterKeys } from './master-key.ts';
import { MasterKeyError } from './master-key.ts';
import { decrypt, encrypt } from './seal.ts';

/** How long the key in use is remembered, in milliseconds: to read its file costs more than to seal a text. */
const REMEMBERED_MS = 1_000;

/** Hexadecimal digits of a key's id, which stands before what was sealed under it. */
const ID_BYTES = 12;

/** Seals texts that are kept for one use, each for one place alone. The methods throw UNAVAILABLE, reason `master_key`, where no key can be had. */
export interface SealedTexts {
  /** @param place what it can be opened for: nothing that stands elsewhere opens in its place */
  seal(place: readonly string[], text: string): Uint8Array;
  /** Undefined where what is stored is not what was, or its key is there no more. */
  open(place: readonly string[], sealed: Uint8Array): string | undefined;
}

/** @param use what for: the keys of one use open nothing of another */
export function sealTexts(keys: Pick<MasterKeys, 'all' | 'current'>, use: string): SealedTexts {
  const derived = new Map<string, Buffer>();
  let remembered: { readonly key: MasterKey; readonly until: number } | undefined;
  const keyOf = (master: MasterKey): Buffer => {
    let key = derived.get(master.id);
    if (key === undefined) derived.set(master.id, (key = master.derive(use)));
    return key;
  };
  const current = (): MasterKey => {
    const now = performance.now();
    if (remembered === undefined || now >= remembered.until)
      remembered = { key: explaining(() => keys.current()), until: now + REMEMBERED_MS };
    return remembered.key;
  };
  const bind = (place: readonly string[], id: string): Buffer =>
    Buffer.from(JSON.stringify(['automate text 1', use, id, ...place]));
  return {
    seal(place, text) {
      const master = current();
      return Buffer.concat([
        Buffer.from(master.id, 'latin1'),
        encrypt(keyOf(master), Buffer.from(text, 'utf8'), bind(place, master.id)),
      ]);
    },
    open(place, sealed) {
      const id = Buffer.from(sealed.subarray(0, ID_BYTES)).toString('latin1');
      const key =
        derived.get(id) ??
        explaining(() => keys.all())
          .filter((master) => master.id === id)
          .map(keyOf)[0];
      return key && decrypt(key, sealed.subarray(ID_BYTES), bind(place, id))?.toString('utf8');
    },
  };
}

function explaining<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MasterKeyError)) throw error;
    throw new UnavailableError(`what executions carry cannot be sealed or opened: ${error.message}`, {
      blame: 'operator',
      effect: 'none',
      details: { reason: 'master_key' },
    });
  }
}
