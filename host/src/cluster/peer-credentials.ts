import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Principal } from '@automate/contract';
import { quote, UnauthenticatedError, UnavailableError } from '@automate/contract';
import { rememberUsed } from './used-once.ts';

/** What a host says of a call that it passes on. */
export interface PassedOn {
  /** The host that passes it on, and the one that is meant. */
  readonly from: string;
  readonly to: string;
  /** The process of it that is meant. */
  readonly instance: string;
  /** Who called at the first one. */
  readonly principal: Principal;
}

/** What a host that lets a call in learns of it. */
export interface ReadCredentials extends PassedOn {
  /** What both ends alone know, where the call begins a line. */
  lineKey(): Uint8Array;
}

export interface PeerCredentials {
  /** The header `authorization` of one call that is passed on now. */
  sign(passed: PassedOn): string;
  /** The header with which a line begins, which nobody may do anything by, and what both ends alone know from then on. */
  beginLine(line: Omit<PassedOn, 'principal'>): { readonly authorization: string; readonly key: Uint8Array };
  /**
   * What such a header says, once; undefined for the header of a client. Throws UNAUTHENTICATED for one that no other host has signed for
   * this one, or long ago, or that was read before, and UNAVAILABLE, reason `moved`, for one that was meant for the process before this one.
   */
  read(authorization: string): ReadCredentials | undefined;
}

export interface PeerCredentialsOptions {
  /** This host, and its process. */
  readonly id: string;
  readonly instance: string;
  /** What is derived of the master keys for this use, the one in use first. */
  keys(): readonly Uint8Array[];
  /** Milliseconds since 1970, by the clock that hosts share. */
  now(): number;
}

const SCHEME = 'Automate-Peer ';
/** How long ago it may have been signed, in milliseconds: hosts may know the clock that they share by what it was a while ago. */
const VALID_MS = 30_000;

/** By which hosts with the same master key trust each other: what they say is signed with a key that nobody else has. */
export function createPeerCredentials({
  id,
  instance: ownInstance,
  keys,
  now,
}: PeerCredentialsOptions): PeerCredentials {
  const sender = randomUUID();
  let sent = 0;
  // As long as one counts, by a clock that may be ahead or behind.
  const used = rememberUsed(2 * VALID_MS);
  const currentKey = (): Uint8Array => {
    const [key] = keys();
    if (key === undefined) throw refused('this host has no master key');
    return key;
  };
  const write = ({ from, to, instance, principal: { name, scopes } }: PassedOn): string =>
    Buffer.from(JSON.stringify([from, to, now(), name, scopes, instance, sender, sent++])).toString('base64url');
  const signed = (key: Uint8Array, said: string): string =>
    `${SCHEME}${said}.${macOf(key, said).toString('base64url')}`;
  return {
    sign: (passed) => signed(currentKey(), write(passed)),
    beginLine(line) {
      const key = currentKey();
      const said = write({ ...line, principal: { name: line.from, scopes: [] } });
      return { authorization: signed(key, said), key: lineKeyOf(key, said) };
    },
    read(authorization) {
      if (!authorization.startsWith(SCHEME)) return undefined;
      const [said = '', mac = ''] = authorization.slice(SCHEME.length).split('.');
      const given = Buffer.from(mac, 'base64url');
      const signer = keys().find((key) => {
        const own = macOf(key, said);
        return own.byteLength === given.byteLength && timingSafeEqual(own, given);
      });
      if (signer === undefined)
        throw refused('it is not signed with the master key of this host: give all hosts the same MASTER_KEY_FILE');
      const [from, to, at, name, scopes, instance, by, number] = JSON.parse(
        Buffer.from(said, 'base64url').toString(),
      ) as Said;
      if (to !== id) throw refused(`it is meant for the host ${quote(to)}, and this is ${quote(id)}`);
      const age = now() - at;
      if (Math.abs(age) > VALID_MS)
        throw refused(
          `it was signed at ${new Date(at).toISOString()}, and here it is ${new Date(at + age).toISOString()}: the clocks of both hosts differ, and one of them does not reach the database, by whose clock they go`,
        );
      if (instance !== ownInstance) throw meantForAnother(id);
      if (!used.take(by, number)) throw refused('it was used before: each one counts for one call');
      return { from, to, instance, principal: { name, scopes }, lineKey: () => lineKeyOf(signer, said) };
    },
  };
}

type Said = readonly [
  from: string,
  to: string,
  at: number,
  name: string,
  scopes: Principal['scopes'],
  instance: string,
  by: string,
  number: number,
];

function macOf(key: Uint8Array, said: string): Buffer {
  return createHmac('sha256', key).update('peer 2\n').update(said).digest();
}

function lineKeyOf(key: Uint8Array, said: string): Buffer {
  return createHmac('sha256', key).update('line 1\n').update(said).digest();
}

function refused(why: string): UnauthenticatedError {
  return new UnauthenticatedError(`a call that another host passed on is not taken: ${why}`, {
    details: { reason: 'peer_refused' },
    blame: 'operator',
  });
}

/** Whoever sent it learns of this process with its next beat. */
function meantForAnother(id: string): UnavailableError {
  return new UnavailableError(`the host ${id} has started anew since`, {
    effect: 'none',
    details: { reason: 'moved' },
  });
}
