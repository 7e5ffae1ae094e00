import { CancelledError, ConnectorError, ConnectorInternalError } from '@automate/contract';
import { requireCallOptions, serviceClosed } from '@automate/contract/service';
import type { CallOptions } from '@automate/contract';
import { DETAILS_LIMIT_KEY, errorFromStatus, MAX_DETAILS_LIMIT, TIMEOUT_KEY } from '@automate/contract/grpc';
import type { ConnectorsMethod } from '@automate/contract/grpc';
import { create } from '@bufbuild/protobuf';
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { Metadata } from '@automate/grpc';
import type { Client, ClientReadableStream, ServiceError } from '@automate/grpc';

/** A connection to one service. */
export interface RemoteChannel {
  readonly client: Client;
  /** Another connection to it. Whoever opens it closes it. */
  open(): Client;
  /** As the user wrote it, for messages. */
  readonly address: string;
  /** The header `authorization` of each call, or what gives that of one; undefined: there is none. */
  readonly authorization: string | ((call: CallOptions) => string) | undefined;
}

/**
 * How much later than the service this side gives up, so that the service's own answer, which says what was late, is
 * the one that counts.
 */
const PATIENCE_MS = 1000;

/** The longest deadline of gRPC's timer, in milliseconds; a later one counts as none. */
const MAX_DEADLINE_MS = 2_000_000_000;

/** Calls a method; what goes wrong comes out as the error that the service threw. */
export function callRemote<Input extends DescMessage, Output extends DescMessage>(
  { client, address, authorization }: RemoteChannel,
  method: ConnectorsMethod<Input, Output>,
  { request, options }: { readonly request: MessageInitShape<Input>; readonly options: CallOptions },
): Promise<MessageShape<Output>> {
  const { signal, timeoutMs } = options;
  const name = methodName(method.path);
  const explain = (reason: unknown): ConnectorError => explainFailure(reason, { name, address, signal, timeoutMs });
  const answer = new Promise<MessageShape<Output>>((resolve, reject) => {
    // Its caller may have left while the request was written.
    requireCallOptions(options);
    const call = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      create(method.input, request),
      callMetadata(options, authorization),
      callDeadline(options),
      (error, response) => {
        signal?.removeEventListener('abort', cancel);
        if (response !== undefined) resolve(response);
        else reject(explain(error));
      },
    );
    const cancel = (): void => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
  });
  return answer.catch((error: unknown) => Promise.reject(explain(error)));
}

/** Calls a method that gives events before its answer, which its last one has. What goes wrong comes out as with `callRemote`. */
export async function callWithEvents<Input extends DescMessage, Output extends DescMessage, Answer>(
  { client, address, authorization }: RemoteChannel,
  method: ConnectorsMethod<Input, Output>,
  {
    request,
    options,
    take,
  }: {
    readonly request: MessageInitShape<Input>;
    readonly options: CallOptions;
    /** Gives the answer where an event has it. */
    take(event: MessageShape<Output>): Answer | undefined;
  },
): Promise<Answer> {
  const { signal, timeoutMs } = options;
  const name = methodName(method.path);
  try {
    requireCallOptions(options);
    const stream = openStream(client, method, { request, options, authorization });
    const cancel = (): void => stream.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      for await (const event of stream as AsyncIterable<MessageShape<Output>>) {
        const answer = take(event);
        if (answer !== undefined) return answer;
      }
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  } catch (error) {
    throw explainFailure(error, { name, address, signal, timeoutMs });
  }
  throw new ConnectorInternalError(`${name} of ${address} ended without an answer`, {
    details: { reason: 'unreadable_answer' },
  });
}

/**
 * Opens a stream, over a connection of its own: a server ends a connection on which many calls are cancelled, and a stream
 * ends by being cancelled. The caller must cancel it when it has read enough.
 */
export function streamRemote<Input extends DescMessage, Output extends DescMessage>(
  channel: RemoteChannel,
  method: ConnectorsMethod<Input, Output>,
  { request, options }: { readonly request: MessageInitShape<Input>; readonly options: CallOptions },
): ClientReadableStream<MessageShape<Output>> {
  const name = methodName(method.path);
  const { address } = channel;
  try {
    const client = channel.open();
    const stream = openStream(client, method, { request, options, authorization: channel.authorization });
    // It comes once, whichever way the stream ends.
    stream.once('status', () => client.close());
    return stream;
  } catch (error) {
    throw explainFailure(error, { name, address });
  }
}

function openStream<Input extends DescMessage, Output extends DescMessage>(
  client: Client,
  method: ConnectorsMethod<Input, Output>,
  {
    request,
    options,
    authorization,
  }: { readonly request: MessageInitShape<Input>; readonly options: CallOptions } & Pick<
    RemoteChannel,
    'authorization'
  >,
): ClientReadableStream<MessageShape<Output>> {
  const stream = client.makeServerStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    create(method.input, request),
    callMetadata(options, authorization),
    callDeadline(options),
  );
  // A cancelled stream says so with an event that ends the process when nobody listens.
  stream.on('error', () => {});
  return stream;
}

/** The error of a failed call, from whatever grpc-js gave. */
export function explainFailure(
  reason: unknown,
  { name, address, signal, timeoutMs }: CallOptions & { readonly name: string; readonly address: string },
): ConnectorError {
  if (ConnectorError.is(reason)) return reason;
  if (!isServiceError(reason)) return explainThrown(reason);
  const { code, details, metadata } = reason;
  if (code !== CANCELLED) return errorFromStatus(reason, { address, method: name, timeoutMs });
  if (signal?.aborted === true) return new CancelledError('the caller left');
  // Nobody here cancelled anything: the other side tore the connection down, or the error is the service's own.
  return errorFromStatus({ code: UNAVAILABLE, details, metadata }, { address, method: name, timeoutMs });
}

const CANCELLED = 1;
const UNAVAILABLE = 14;

function isServiceError(reason: unknown): reason is ServiceError {
  return typeof reason === 'object' && reason !== null && 'code' in reason && typeof reason.code === 'number';
}

/** grpc-js throws when the channel is closed, and when a message cannot be written. */
function explainThrown(reason: unknown): ConnectorError {
  if (!String(reason).includes('Channel has been shut down')) return ConnectorError.from(reason);
  return serviceClosed();
}

function callDeadline({ timeoutMs }: CallOptions): { deadline?: number } {
  if (timeoutMs === undefined || !(timeoutMs < MAX_DEADLINE_MS)) return {};
  return { deadline: Date.now() + timeoutMs + PATIENCE_MS };
}

function callMetadata(options: CallOptions, authorization: RemoteChannel['authorization']): Metadata {
  const { timeoutMs = Infinity, traceparent, tracestate } = options;
  const metadata = new Metadata();
  if (authorization !== undefined)
    metadata.set('authorization', typeof authorization === 'string' ? authorization : authorization(options));
  if (timeoutMs < MAX_DEADLINE_MS) metadata.set(TIMEOUT_KEY, String(timeoutMs));
  metadata.set(DETAILS_LIMIT_KEY, String(MAX_DETAILS_LIMIT));
  if (isHeader(traceparent)) metadata.set('traceparent', traceparent);
  if (isHeader(tracestate)) metadata.set('tracestate', tracestate);
  return metadata;
}

/** What a header cannot carry would make the whole call fail; trace context is not worth that. */
function isHeader(value: string | undefined): value is string {
  return value !== undefined && /^[\x20-\x7e]+$/.test(value);
}

function methodName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
