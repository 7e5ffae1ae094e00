import { once } from 'node:events';
import type { CallOptions, ConnectorError } from '@automate/contract';
import type { ConnectorsMethod, UnreadableMessage } from '@automate/contract/grpc';
import type { handleServerStreamingCall, ServerWritableStream } from '@automate/grpc';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { answerError } from './answer-errors.ts';
import { admittedOf } from '../sign-in.ts';
import { CallScope, streamOf } from './call-options.ts';
import type { GrpcLogger } from './logger.ts';
import { readable } from './unary.ts';

type Handle<Input extends DescMessage, Output extends DescMessage> = handleServerStreamingCall<
  MessageShape<Input> | UnreadableMessage,
  MessageShape<Output>
>;

export interface EventStreams {
  /** The handler of a method: what it gives is streamed to each caller, at the pace at which that one reads. */
  on<Input extends DescMessage, Output extends DescMessage>(
    method: ConnectorsMethod<Input, Output>,
    follow: (request: MessageShape<Input>, options: CallOptions) => AsyncIterable<MessageShape<Output>>,
  ): Handle<Input, Output>;
  /** The same for a call that tells how far it is: like any other call it ends by itself, whatever becomes of the streams. */
  call: EventStreams['on'];
  /** Ends every stream in good order. */
  endAll(): void;
}

export function createEventStreams(logger: GrpcLogger): EventStreams {
  const open = new Set<CallScope>();
  const serve =
    (isCall: boolean): EventStreams['on'] =>
    (method, follow) => {
      const name = method.path.slice(method.path.lastIndexOf('/') + 1);
      const handle = async (call: Parameters<ReturnType<EventStreams['on']>>[0]): Promise<void> => {
        const scope = new CallScope(call);
        if (!isCall) open.add(scope);
        const gone: ConnectorError[] = [];
        const end = (reason: ConnectorError): void => {
          gone.push(reason);
          scope.abort();
        };
        const letGo = isCall ? undefined : admittedOf(streamOf(call))?.follow?.(end);
        try {
          await pump(follow(readable(call.request) as never, scope), call as never, scope.signal);
          for (const reason of gone) throw reason;
          call.end();
        } catch (error) {
          // A stream of grpc-js fails by an `error` event that has a status.
          call.emit('error', answerError(error, { method: name, metadata: call.metadata, logger }));
        } finally {
          letGo?.();
          open.delete(scope);
          scope.finish();
        }
      };
      return (call) => void handle(call);
    };
  return {
    on: serve(false),
    call: serve(true),
    endAll: () => {
      for (const scope of open) scope.abort();
    },
  };
}

async function pump<Message>(
  events: AsyncIterable<Message>,
  call: ServerWritableStream<unknown, Message>,
  signal?: AbortSignal,
): Promise<void> {
  const over = (): boolean => signal?.aborted === true;
  for await (const event of events) {
    if (over()) return;
    if (call.write(event)) continue;
    try {
      await once(call, 'drain', { signal });
    } catch (error) {
      if (over()) return;
      throw error;
    }
  }
}
