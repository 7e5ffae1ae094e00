import { createHmac } from 'node:crypto';
import { declaredParts } from '../config/declared-parts.ts';
import type { ToldConfig } from '../store/placement-store.ts';

/** A master key of the host. */
export interface DerivingKey {
  readonly id: string;
  derive(label: string): Uint8Array;
}

/** Digits of a form: enough to tell two apart. */
const FORM_DIGITS = 12;

/**
 * What other hosts are told of a configuration file: nothing but whether theirs says the same. Forms follow from a master key, as secrets may
 * stand in the file that could be guessed else.
 */
export function toldConfig(text: string, key: DerivingKey): ToldConfig {
  const secret = key.derive('config');
  const forms = Array.from(declaredParts(text), ([part, says]) => {
    const form = createHmac('sha256', secret)
      .update(JSON.stringify([part, says]))
      .digest('hex')
      .slice(0, FORM_DIGITS);
    return [part, form] as const;
  });
  return { key: key.id, parts: Object.fromEntries(forms) };
}
