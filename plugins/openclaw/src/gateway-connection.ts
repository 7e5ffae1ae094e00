import { platform } from 'node:os';
import { ConnectorError, InvalidInputError, TransientNetworkError } from '@automate/sdk';
import type { JsonObject } from '@automate/sdk';
import { parseExact } from '@automate/sdk/exchange';
import { helloOk, inboundFrame, PROTOCOL } from './frames.ts';
import type { HelloOk, InboundFrame } from './frames.ts';
import { badAnswer, gatewayError, parseAnswer, withoutEffect } from './gateway-error.ts';
import type { GatewayAuth } from './gateway-auth.ts';

export interface ConnectionOptions {
  /** `ws://host:port/` */
  readonly url: string;
  readonly auth: GatewayAuth;
  /** The connector's version, for the gateway's list of clients. */
  readonly version: string;
  /** Milliseconds for upgrade and handshake. */
  readonly timeoutMs: number;
}

type EventListener = (event: string, payload: unknown) => void;

interface Pending {
  readonly method: string;
  readonly resolve: (payload: unknown) => void;
  readonly reject: (error: ConnectorError) => void;
}

/** A gateway says `tick` regularly; more intervals than these without a word mean that nobody is there any more. */
const SILENT_TICKS = 3;
const NORMAL_CLOSURE = 1000;

/**
 * One WebSocket to a gateway, from its handshake on. Once it has failed it stays so: every request that waits for an
 * answer is rejected, and `closed` says so.
 */
export class GatewayConnection {
  readonly #socket: WebSocket;
  readonly #url: string;
  readonly #pending = new Map<string, Pending>();
  readonly #listeners = new Set<EventListener>();
  #hello: HelloOk | undefined;
  #lastId = 0;
  #silentTicks = 0;
  #watch: NodeJS.Timeout | undefined;
  #failure: ConnectorError | undefined;
  #farewell = '';

  private constructor({ url, auth }: ConnectionOptions) {
    this.#url = url;
    // Node's own WebSocket takes headers, which the standard's does not know.
    const WebSocketOfNode = WebSocket as unknown as new (url: string, options: object) => WebSocket;
    this.#socket = new WebSocketOfNode(url, { headers: auth.headers });
    this.#socket.addEventListener('message', ({ data }) => this.#receive(data));
    this.#socket.addEventListener('error', () => this.#fail(this.#lost('it failed')));
    this.#socket.addEventListener('close', ({ code, reason }) =>
      this.#fail(this.#lost(`closed with ${code}${reason === '' ? '' : `, "${reason}"`}`)),
    );
  }

  /** Opens a connection and shakes hands. Rejects with the error that says why the gateway did not let us in. */
  static async open(options: ConnectionOptions): Promise<GatewayConnection> {
    const connection = new GatewayConnection(options);
    const { promise: challenged, resolve, reject } = Promise.withResolvers<void>();
    const stop = connection.onEvent((event) => event === 'connect.challenge' && resolve());
    const stopWatching = connection.#onFailure(reject);
    const timer = setTimeout(
      () => connection.#fail(badAnswer('the handshake', `nothing within ${options.timeoutMs} ms`)),
      options.timeoutMs,
    );
    try {
      await challenged;
      const payload = await connection.request('connect', handshakeOf(options));
      connection.#greet(parseAnswer(helloOk, payload, 'the handshake'));
      return connection;
    } catch (error) {
      connection.#fail(ConnectorError.from(error));
      throw error;
    } finally {
      clearTimeout(timer);
      stop();
      stopWatching();
    }
  }

  /** Whether new requests need another connection: this one is lost, or the gateway has said that it is about to go. */
  get closed(): boolean {
    return this.#failure !== undefined || this.#farewell !== '';
  }

  /** What the gateway said of itself. */
  get server(): { readonly version: string; readonly scopes: readonly string[] } {
    return { version: this.#hello?.server.version ?? '', scopes: this.#hello?.auth.scopes ?? [] };
  }

  /** Sends a request and waits for its answer, as long as the connection holds. */
  request(method: string, params: JsonObject): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    // What is closing takes requests and sends none.
    if (this.#socket.readyState !== WebSocket.OPEN)
      return Promise.reject(withoutEffect(this.#failure ?? this.#lost('it is closing')));
    const id = String((this.#lastId += 1));
    const text = JSON.stringify({ type: 'req', id, method, params });
    const most = this.#hello?.policy.maxPayload ?? Number.POSITIVE_INFINITY;
    if (Buffer.byteLength(text) > most) {
      return Promise.reject(
        new InvalidInputError(`${method} has ${Buffer.byteLength(text)} bytes, and the gateway takes ${most}`, {
          details: { reason: 'too_large' },
        }),
      );
    }
    this.#pending.set(id, { method, resolve, reject });
    this.#socket.send(text);
    return promise;
  }

  /** Hears every event until the returned function is called. */
  onEvent(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#fail(this.#lost('the connector closed it'));
  }

  readonly #failureListeners = new Set<(error: ConnectorError) => void>();

  #onFailure(listener: (error: ConnectorError) => void): () => void {
    this.#failureListeners.add(listener);
    return () => void this.#failureListeners.delete(listener);
  }

  #greet(hello: HelloOk): void {
    this.#hello = hello;
    const { tickIntervalMs } = hello.policy;
    this.#watch = setInterval(() => {
      // Counted, not measured: while this thread itself stood still, nothing could be heard.
      this.#silentTicks += 1;
      const silentMs = this.#silentTicks * tickIntervalMs;
      if (this.#silentTicks > SILENT_TICKS) this.#fail(this.#lost(`silent for ${silentMs} ms`));
    }, tickIntervalMs);
    this.#watch.unref();
  }

  #receive(data: unknown): void {
    this.#silentTicks = 0;
    const frame = readFrame(data);
    if (frame === undefined) {
      this.#fail(badAnswer(this.#url, 'a message that is no frame of its protocol'));
      return;
    }
    if (frame.type === 'event') {
      if (frame.event === 'shutdown') this.#farewell = '; the gateway is shutting down';
      for (const listener of this.#listeners) listener(frame.event, frame.payload);
      return;
    }
    const pending = this.#pending.get(frame.id);
    this.#pending.delete(frame.id);
    if (frame.ok) pending?.resolve(frame.payload);
    else
      pending?.reject(gatewayError(pending.method, frame.error ?? { code: 'UNAVAILABLE', message: 'no reason given' }));
  }

  #lost(how: string): TransientNetworkError {
    return new TransientNetworkError(`the connection to ${this.#url} was lost (${how})${this.#farewell}`, {
      details: { reason: 'connection_lost' },
    });
  }

  /** The first reason counts. */
  #fail(error: ConnectorError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    clearInterval(this.#watch);
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    for (const listener of this.#failureListeners) listener(error);
    this.#socket.close(NORMAL_CLOSURE);
  }
}

function handshakeOf({ auth, version }: ConnectionOptions): JsonObject {
  return {
    minProtocol: PROTOCOL,
    maxProtocol: PROTOCOL,
    // The identity of programs without a person: beside the gateway its shared secret is enough for these.
    client: { id: 'gateway-client', displayName: 'automate', version, platform: platform(), mode: 'backend' },
    role: 'operator',
    scopes: ['operator.read', 'operator.write'],
    caps: ['tool-events'],
    ...(auth.handshake === undefined ? {} : { auth: { ...auth.handshake } }),
  };
}

function readFrame(data: unknown): InboundFrame | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    return inboundFrame.safeParse(parseExact(data)).data;
  } catch {
    // Not JSON: the caller says so.
    return undefined;
  }
}
