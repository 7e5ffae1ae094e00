import type * as Crypto from 'node:crypto';
import { createRequire } from 'node:module';

/** Headers of an incoming request. Names in any case; of several values the first counts. */
export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a webhook is answered. */
export interface WebhookResponse {
  /** From 200 to 299. Default 200. */
  readonly status?: number;
  /** Default: none is said. */
  readonly contentType?: string;
  /** Up to 64 KiB. Default: nothing. It is sent as it is: no secret belongs here. */
  readonly body?: string;
}

/** What an adapter can say of a webhook besides whether it is genuine. */
export interface WebhookVerdict {
  /** Whether the remote system sent it. All else counts only where it did. */
  readonly genuine: boolean;
  /**
   * What the remote system calls this delivery, the same where it sends it again: each is delivered once. Up to 1000 characters, and from
   * what is signed, or who has overheard one delivery sends it as many. Default: the body stands for itself, so that two deliveries
   * with the same body are one.
   */
  readonly id?: string;
  /** False for what is only to be answered, such as a handshake. Default true. */
  readonly deliver?: boolean;
  /**
   * Names, in any case, of headers that nobody is shown who is told of it: that of the signature, where its name can be anything. Default:
   * those alone whose names speak of credentials and signatures.
   */
  readonly secretHeaders?: readonly string[];
  /** What it is answered, once it was delivered. Default: status 202 without a body. */
  readonly respond?: WebhookResponse;
}

export interface SlackSignatureInput {
  readonly headers: WebhookHeaders;
  /** The body exactly as it came. */
  readonly rawBody: string | Uint8Array;
  /** The app's signing secret; while it is being rotated, both. */
  readonly secrets: string | readonly string[];
  /** Milliseconds since the epoch. Default: now. */
  readonly now?: number;
  /** How old or how far ahead a request may be, in milliseconds. Default 5 minutes, as Slack asks. */
  readonly toleranceMs?: number;
}

export interface HmacSha256Input {
  /** The signature as it came, or the headers and the name of the one that holds it. */
  readonly signature: string | { readonly headers: WebhookHeaders; readonly header: string };
  readonly rawBody: string | Uint8Array;
  /** What is signed before the body, such as the time and a dot. Default nothing. */
  readonly before?: string;
  readonly secrets: string | readonly string[];
  /** Default `hex`. */
  readonly encoding?: Extract<Crypto.BinaryToTextEncoding, 'hex' | 'base64' | 'base64url'>;
  /** What stands before the signature and must be there: `sha256=`. Default nothing. */
  readonly prefix?: string;
}

/** What a remote system shows that does not sign: a token, or a name with a password. */
export type SharedCredentials = { readonly token: string } | { readonly username: string; readonly password: string };

export interface FreshnessOptions {
  /** Milliseconds since the epoch. Default: now. */
  readonly now?: number;
  /** How old or how far ahead it may be, in milliseconds. Default 5 minutes. */
  readonly toleranceMs?: number;
}

const FIVE_MINUTES = 5 * 60 * 1000;

/** Loaded with the first signature: it takes a megabyte of each worker, and most never see one. */
const loadCrypto = (): typeof Crypto => createRequire(import.meta.url)('node:crypto') as typeof Crypto;

/** Whether Slack sent this (signature version v0): the signature fits one of the secrets and the timestamp is fresh. */
export function verifySlackSignature(input: SlackSignatureInput): boolean {
  const { headers, rawBody, secrets } = input;
  const timestamp = headerOf(headers, 'x-slack-request-timestamp') ?? '';
  const signature = headerOf(headers, 'x-slack-signature') ?? '';
  if (!isFreshTimestamp(timestamp, input)) return false;
  const parts = [`v0:${timestamp}:`, rawBody];
  return matches({ signature, prefix: 'v0=', parts, secrets, encoding: 'hex' });
}

/** Whether what a header says is a time, in seconds since the epoch, that has just been. It counts for something only where it is signed. */
export function isFreshTimestamp(seconds: string, options: FreshnessOptions = {}): boolean {
  const { now = Date.now(), toleranceMs = FIVE_MINUTES } = options;
  return /^\d{1,12}$/.test(seconds) && Math.abs(now - Number(seconds) * 1000) <= toleranceMs;
}

/** Whether the body was signed with HMAC-SHA256 under one of the secrets. Compares in constant time. */
export function verifyHmacSha256(input: HmacSha256Input): boolean {
  const { signature, rawBody, before = '', secrets, encoding = 'hex', prefix = '' } = input;
  const given = typeof signature === 'string' ? signature : (headerOf(signature.headers, signature.header) ?? '');
  return matches({ signature: given, prefix, parts: [before, rawBody], secrets, encoding });
}

/**
 * Whether the header `Authorization` holds these credentials, as a bearer token or by HTTP Basic. Compares in constant time. They say who sends,
 * and nothing of the body: this is for remote systems that cannot sign, over TLS alone. An empty token or password is nobody's.
 */
export function verifyAuthorization(headers: WebhookHeaders, credentials: SharedCredentials): boolean {
  const [scheme, wanted]: [string, string] =
    'token' in credentials
      ? ['bearer', credentials.token]
      : ['basic', Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')];
  if (('token' in credentials ? credentials.token : credentials.password) === '') return false;
  const [, said = '', given = ''] = /^(\S+) +(.*)$/.exec(headerOf(headers, 'authorization') ?? '') ?? [];
  const { randomBytes, createHmac, timingSafeEqual } = loadCrypto();
  // Of the same length, whatever they are, and of no use to who measures.
  const key = randomBytes(32);
  const [one, other] = [given, wanted].map((text) => createHmac('sha256', key).update(text).digest());
  return said.toLowerCase() === scheme && one !== undefined && other !== undefined && timingSafeEqual(one, other);
}

interface Match {
  readonly signature: string;
  readonly prefix: string;
  readonly parts: readonly (string | Uint8Array)[];
  readonly secrets: string | readonly string[];
  readonly encoding: 'hex' | 'base64' | 'base64url';
}

function matches({ signature, prefix, parts, secrets, encoding }: Match): boolean {
  if (!signature.startsWith(prefix)) return false;
  const { createHmac, timingSafeEqual } = loadCrypto();
  const written = signature.slice(prefix.length);
  const given = Buffer.from(written, encoding);
  // What is decoded without complaint can be written in many ways, with anything behind it: each would pass for another signature.
  if (
    given.toString(encoding).replace(/=+$/, '') !==
    (encoding === 'hex' ? written.toLowerCase() : written.replace(/={0,2}$/, ''))
  )
    return false;
  let found = false;
  for (const secret of typeof secrets === 'string' ? [secrets] : secrets) {
    // An empty secret signs for anyone.
    if (secret === '') continue;
    const hmac = createHmac('sha256', secret);
    for (const part of parts) hmac.update(part);
    const digest = hmac.digest();
    // No early end: which of the secrets fits must not show in the time it takes.
    if (given.length === digest.length && timingSafeEqual(given, digest)) found = true;
  }
  return found;
}

/** The value of a header, whatever the case of its name; of several the first. */
export function headerOf(headers: WebhookHeaders, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (const [key, value] of Object.entries(headers)) {
    if (key.toLowerCase() === wanted) return typeof value === 'string' || value === undefined ? value : value[0];
  }
  return undefined;
}
