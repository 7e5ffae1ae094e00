import type { Asked } from './network-error.ts';
import { badAnswer } from './s3-error.ts';

/** Reads the keys of a listing, which S3 gives as a URL holds them where it was asked to, since XML cannot hold every character. */
export function keyDecoder(encoding: string | undefined, asked: Omit<Asked, 'region'>): (key?: string) => string {
  if (encoding !== 'url') return (key = '') => key;
  return (key = '') => {
    try {
      // Some services write a blank as `+`, as forms do; a plus itself is always encoded.
      return decodeURIComponent(key.replaceAll('+', '%20'));
    } catch (cause) {
      throw badAnswer(asked, `the key ${JSON.stringify(key)}, which is not encoded as it says`, cause);
    }
  };
}
