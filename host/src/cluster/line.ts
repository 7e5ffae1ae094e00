import { connect } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { CallOptions, ExecuteTextRequest, ExecuteTextResult } from '@automate/contract';
import {
  ConnectorError,
  LOCAL_PRINCIPAL,
  MAX_PAYLOAD_BYTES,
  TimeoutError,
  TransientNetworkError,
  UnavailableError,
} from '@automate/contract';
import { errorFromStatus, STATUS_DETAILS_KEY } from '@automate/contract/grpc';
import { cancelledByCaller, payloadTooLarge, requireCall, requireCallOptions } from '@automate/contract/service';
import { Metadata } from '@automate/grpc';
import { explainRefusal } from './explain-refusal.ts';
import { LineEnd } from './line-end.ts';
import { LINE_PATH } from './line-sayings.ts';
import type { SaidOfAnswer, SaidOfCall } from './line-sayings.ts';

export interface LineOptions {
  /** `host:port`, or `grpcs://host:port` for TLS. */
  readonly address: string;
  /** Certificates in PEM whose holders are trusted. */
  authorities(): readonly string[];
  /** The header `authorization` with which a line begins, and what both ends alone know then. */
  begin(): { readonly authorization: string; readonly key: Uint8Array };
  /** Hears of a host whose certificate is refused, or which refuses this one, each time. */
  onRefused(error: ConnectorError): void;
}

/** How much is taken at a time before it was read, in bytes, of the line and of its connection. */
export const WINDOW_BYTES = 8 * 1024 * 1024;
/** How often calls are looked at that may be late, and whether the other end is there still, in milliseconds. */
const LOOK_MS = 1_000;
/** How long after its time a call is given up, as the other host's own answer says more, in milliseconds. */
const PATIENCE_MS = 1_000;
/**
 * After so many looks without a word a connection is asked whether it is there still, and after so many it is given up. Looks are counted and
 * not the time, as a host that was busy, or stood still, has what was said meanwhile yet to hear.
 */
const SILENT_LOOKS = 2;
const DEAD_LOOKS = 6;

interface Pending {
  readonly id: string;
  readonly batch: number;
  /** By `performance.now()`. */
  readonly until: number;
  readonly options: CallOptions;
  resolve(answer: ExecuteTextResult): void;
  reject(error: ConnectorError): void;
}

/** Calls of actions over a line to another host. It is opened by the first one, and again by the next one where it was lost. */
export class Line {
  readonly #options: LineOptions;
  #open: OpenLine | undefined;
  /** With those that take no more, and whose calls are under way. */
  readonly #all = new Set<OpenLine>();

  constructor(options: LineOptions) {
    this.#options = options;
  }

  /** As the service does it; rejects with `service_unreachable` where nothing was begun, and `connection_lost` where that is not known. */
  executeText(request: ExecuteTextRequest, given: CallOptions): Promise<ExecuteTextResult> {
    try {
      const options = requireCallOptions(given);
      requireCall(request);
      if (Buffer.byteLength(request.payload) > MAX_PAYLOAD_BYTES)
        throw payloadTooLarge(Buffer.byteLength(request.payload), request.id);
      return this.#ensureOpen().call(request, options);
    } catch (reason) {
      return Promise.reject(ConnectorError.from(reason));
    }
  }

  /** Resolves once the other host has answered, for calls that go another way; rejects, as calls do, where it cannot be reached. */
  async ready(): Promise<void> {
    return this.#ensureOpen().ready;
  }

  #ensureOpen(): OpenLine {
    if (this.#open?.takesMore !== true) {
      const opened = new OpenLine({ ...this.#options, onOver: () => this.#all.delete(opened) });
      this.#open = opened;
      this.#all.add(opened);
    }
    return this.#open;
  }

  close(): void {
    for (const each of this.#all) each.close();
  }
}

class OpenLine {
  readonly #address: string;
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #end: LineEnd<SaidOfCall, SaidOfAnswer>;
  readonly #pending = new Map<number, Pending>();
  readonly #looks: NodeJS.Timeout;
  readonly #ready = Promise.withResolvers<void>();
  #calls = 0;
  #isLetIn = false;
  #failure: Error | undefined;
  /** The last batch that the other end takes. */
  #last = Infinity;
  /** How many looks there were since the other end was heard of. */
  #unheard = 0;

  constructor({ address, authorities, begin, onRefused, onOver }: LineOptions & { onOver(): void }) {
    const { authorization, key } = begin();
    this.#address = address;
    // Each call hears of it as well.
    this.#ready.promise.catch(() => undefined);
    const isSecure = address.startsWith('grpcs://');
    this.#session = connect(isSecure ? address.replace('grpcs:', 'https:') : `http://${address}`, {
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
      // What is among them is trusted also where who issued it is not.
      ...(isSecure ? { ca: [...authorities()], allowPartialTrustChain: true, minVersion: 'TLSv1.2' } : {}),
    });
    this.#session.on('error', (error) => (this.#failure ??= error));
    this.#session.on('connect', (session, socket) => {
      // Its host may have gone meanwhile.
      if (!session.destroyed) session.setLocalWindowSize(WINDOW_BYTES);
      if ('setNoDelay' in socket) socket.setNoDelay(true);
    });
    this.#stream = this.#session.request(
      { ':method': 'POST', ':path': LINE_PATH, 'content-type': 'application/grpc', te: 'trailers', authorization },
      { endStream: false },
    );
    // Where the connection failed the stream ends first, with that as its cause.
    this.#stream.on('error', (error) => (this.#failure ??= error.cause instanceof Error ? error.cause : error));
    this.#stream.on('response', (headers) => this.#letIn(headers, onRefused));
    this.#stream.on('close', () => this.#over(onRefused));
    this.#stream.on('close', onOver);
    this.#stream.on('data', () => (this.#unheard = 0));
    this.#end = new LineEnd(this.#stream, {
      key,
      as: 'caller',
      hear: (said, text) => this.#hear(said, text),
      onBroken: (error) => (this.#failure = error),
    });
    this.#looks = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get takesMore(): boolean {
    return this.#last === Infinity && !this.#stream.destroyed && !this.#stream.closed;
  }

  call(request: ExecuteTextRequest, options: CallOptions): Promise<ExecuteTextResult> {
    const { id, action, idempotencyKey, payload } = request;
    const { signal, timeoutMs, principal = LOCAL_PRINCIPAL, door, traceparent, tracestate, onProgress } = options;
    this.#calls += 1;
    const n = this.#calls;
    const { name, scopes } = principal;
    const waitsMs = timeoutMs === Infinity ? undefined : timeoutMs;
    const said: SaidOfCall = {
      ...{ n, id, action, key: idempotencyKey, waitsMs, name, scopes, door, traceparent, tracestate },
      ...(onProgress === undefined ? {} : { told: true }),
    };
    const batch = this.#end.say(said, payload);
    const until = waitsMs === undefined ? Infinity : performance.now() + waitsMs + PATIENCE_MS;
    return new Promise<ExecuteTextResult>((resolve, reject) => {
      const leave = (): void => {
        this.#end.say({ n, left: true });
        this.#take(n)?.reject(cancelledByCaller(id));
      };
      signal?.addEventListener('abort', leave, { once: true });
      const over = (): void => signal?.removeEventListener('abort', leave);
      this.#pending.set(n, {
        ...{ id, batch, until, options },
        resolve(answer) {
          over();
          resolve(answer);
        },
        reject(error) {
          over();
          reject(error);
        },
      });
    });
  }

  /** Ends the connection; calls that are under way are lost. */
  close(): void {
    this.#session.destroy();
  }

  #hear(said: SaidOfAnswer, text: string): void {
    const { n = 0, last, progress, error } = said;
    if (last !== undefined) {
      this.#last = last;
      for (const [late, { batch }] of this.#pending) if (batch > last) this.#take(late)?.reject(this.#notSent());
      this.#endWhenDone();
    } else if (progress !== undefined) this.#pending.get(n)?.options.onProgress?.(progress);
    else {
      const call = this.#take(n);
      if (error === undefined) {
        const { attempts = 0, durationMs = 0, replayed = false, resultDropped } = said;
        call?.resolve({
          ...{ result: text, attempts, durationMs, replayed },
          ...(resultDropped === true ? { resultDropped } : {}),
        });
      } else call?.reject(ConnectorError.fromEnvelope(error));
    }
  }

  #take(n: number): Pending | undefined {
    const call = this.#pending.get(n);
    if (call !== undefined) this.#pending.delete(n);
    this.#endWhenDone();
    return call;
  }

  #endWhenDone(): void {
    if (this.#last === Infinity || this.#pending.size > 0) return;
    this.#end.end();
    this.#session.close();
  }

  /** The first headers: the other end takes calls, or says why it does not. */
  #letIn(headers: IncomingHttpHeaders, onRefused: LineOptions['onRefused']): void {
    this.#unheard = 0;
    const status = headers['grpc-status'];
    this.#isLetIn = status === undefined && Number(headers[':status']) === 200;
    if (this.#isLetIn) {
      this.#ready.resolve();
      return;
    }
    const metadata = new Metadata();
    const details = headers[STATUS_DETAILS_KEY];
    if (typeof details === 'string') metadata.set(STATUS_DETAILS_KEY, Buffer.from(details, 'base64'));
    const error = errorFromStatus(
      { code: Number(status ?? 14), details: decodeURI(String(headers['grpc-message'] ?? '')), metadata },
      { address: this.#address, method: 'Line' },
    );
    if (error.code === 'UNAUTHENTICATED') onRefused(error);
    this.#ready.reject(error);
    for (const n of this.#pending.keys()) this.#take(n)?.reject(error);
    this.close();
  }

  /** Every call that has no answer gets its error. */
  #over(onRefused: LineOptions['onRefused']): void {
    clearInterval(this.#looks);
    this.#session.destroy();
    const refusal = explainRefusal(this.#failure, this.#address);
    if (refusal !== undefined) onRefused(refusal);
    this.#ready.reject(refusal ?? this.#notSent());
    for (const [n, { id, batch }] of this.#pending)
      this.#take(n)?.reject(this.#isLetIn && batch <= this.#last ? this.#lost(id) : (refusal ?? this.#notSent()));
  }

  #look(): void {
    const now = performance.now();
    for (const [n, { id, until, options }] of this.#pending) {
      if (now < until) continue;
      this.#end.say({ n, left: true });
      this.#take(n)?.reject(
        new TimeoutError(`no answer of "${id}" from ${this.#address} within ${options.timeoutMs} ms`, {
          connector: id,
          details: { reason: 'deadline_exceeded' },
        }),
      );
    }
    const isIdle = this.#isLetIn && this.#pending.size === 0;
    this.#unheard = isIdle ? 0 : this.#unheard + 1;
    if (this.#unheard > DEAD_LOOKS) this.close();
    else if (this.#unheard >= SILENT_LOOKS && this.#isLetIn)
      this.#session.ping((error) => {
        if (error === null) this.#unheard = 0;
      });
  }

  #notSent(): UnavailableError {
    return new UnavailableError(`the host at ${this.#address} cannot be reached${this.#why()}`, {
      effect: 'none',
      details: { reason: 'service_unreachable', address: this.#address },
    });
  }

  #lost(connector: string): TransientNetworkError {
    return new TransientNetworkError(`the connection to ${this.#address} was lost during the call${this.#why()}`, {
      connector,
      details: { reason: 'connection_lost', address: this.#address },
    });
  }

  #why(): string {
    return this.#failure === undefined ? '' : `: ${this.#failure.message}`;
  }
}
