import type { Socket } from 'node:net';
import type { CallOptions, ConnectorError, Principal } from '@automate/contract';
import { LOCAL_PRINCIPAL } from '@automate/contract';

/** The certificate that a caller showed: its DNS names and URIs as they stand there, or why it counts for nothing, in words for the caller. */
export type ShownCertificate = { readonly names: readonly string[] } | { readonly fault: string };

/** What a caller shows of itself at a door. */
export interface Caller {
  readonly door: Door;
  /** The header, or metadata, `authorization`. */
  readonly authorization: string | undefined;
  /** The certificate that it showed; undefined where it showed none. */
  certificate(): ShownCertificate | undefined;
  /** Where it calls from: `10.1.2.3`. */
  address(): string;
}

/** `socket`: gRPC on the socket of the host's own user. `mcp`: agents, at the port of REST. */
export type Door = 'grpc' | 'rest' | 'socket' | 'mcp';

/** What a door answers by itself, for records. */
export interface AskedOfDoor {
  readonly door: Door;
  readonly what: 'metrics' | 'openapi' | 'docs' | 'reflection';
}

/** What doors ask about their callers; who may do what at the port itself is no door's to say. */
export interface SignIn {
  /** Who it is. Throws UNAUTHENTICATED for a caller who has to sign in and did not. */
  identify(caller: Caller): Principal;
  /** For what a door answers by itself: throws PERMISSION_DENIED for who may not read, UNAUTHENTICATED for who counts no longer. */
  requireRead(principal: Principal, asked: AskedOfDoor): void;
  /**
   * Counts what a door answers by itself; gives what must be called when that is over, if anything. Throws RATE_LIMITED for one too many,
   * UNAUTHENTICATED for who counts no longer.
   */
  admit(principal: Principal, options: CallOptions): (() => void) | undefined;
  /** Calls `onEnd` once, with the reason, when the principal counts no longer. Gives what ends that. */
  follow(principal: Principal, onEnd: (reason: ConnectorError) => void): () => void;
}

/** For doors where nobody has to sign in. */
export const NO_SIGN_IN: SignIn = {
  identify: () => LOCAL_PRINCIPAL,
  requireRead: () => undefined,
  admit: () => undefined,
  follow: () => () => undefined,
};

/** Who was let in, and through which door. */
export interface Admitted {
  readonly principal: Principal;
  readonly door: Door;
  /** Of who was let in by a certificate: calls `onEnd` once, with the reason, when that counts no longer. Gives what ends that. */
  follow?(onEnd: (reason: ConnectorError) => void): (() => void) | undefined;
}

/** Where a request of HTTP, or a stream of HTTP/2, bears who sent it, from the door's gate to its handlers. */
const ADMITTED = Symbol('admitted');

type Carrier = object & { [ADMITTED]?: Admitted };

export function noteAdmitted(carrier: Carrier, admitted: Admitted): void {
  carrier[ADMITTED] = admitted;
}

/** Undefined where no gate let it in. */
export function admittedOf(carrier: Carrier | undefined): Admitted | undefined {
  return carrier?.[ADMITTED];
}

/** The address of the other end of a connection, for records. */
export function addressOf(socket: Socket | undefined): string {
  return socket?.remoteAddress ?? 'unknown';
}
