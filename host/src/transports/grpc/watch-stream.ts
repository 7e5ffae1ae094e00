import { once } from 'node:events';
import type { ConnectorError, ConnectorEvent, ConnectorService } from '@automate/contract';
import { eventToMessage } from '@automate/contract/grpc';
import type { CONNECTORS_SERVICE, UnreadableMessage } from '@automate/contract/grpc';
import type { handleServerStreamingCall, ServerWritableStream } from '@automate/grpc';
import type { MessageShape } from '@bufbuild/protobuf';
import { answerError } from './answer-errors.ts';
import { admittedOf } from '../sign-in.ts';
import { CallScope, streamOf } from './call-options.ts';
import type { GrpcLogger } from './logger.ts';
import { readable } from './unary.ts';

type EventMessage = MessageShape<typeof CONNECTORS_SERVICE.watchConnectors.output>;
type WatchRequest = MessageShape<typeof CONNECTORS_SERVICE.watchConnectors.input>;
type WatchCall = ServerWritableStream<WatchRequest | UnreadableMessage, EventMessage>;

export interface WatchStreams {
  readonly handle: handleServerStreamingCall<WatchRequest | UnreadableMessage, EventMessage>;
  /** Ends every stream in good order. */
  endAll(): void;
}

/** Streams the service's events to all who watch, each at the pace at which it reads. */
export function createWatchStreams(service: ConnectorService, logger: GrpcLogger): WatchStreams {
  const open = new Set<CallScope>();
  const handle = async (call: WatchCall): Promise<void> => {
    const scope = new CallScope(call);
    open.add(scope);
    const gone: ConnectorError[] = [];
    const letGo = admittedOf(streamOf(call))?.follow?.((reason) => {
      gone.push(reason);
      scope.abort();
    });
    try {
      readable(call.request);
      await pump(service.watch(scope), call, scope.signal);
      for (const reason of gone) throw reason;
      call.end();
    } catch (error) {
      // A stream of grpc-js fails by an `error` event that has a status.
      call.emit('error', answerError(error, { method: 'WatchConnectors', metadata: call.metadata, logger }));
    } finally {
      letGo?.();
      open.delete(scope);
      scope.finish();
    }
  };
  return {
    handle: (call) => void handle(call),
    endAll: () => {
      for (const scope of open) scope.abort();
    },
  };
}

async function pump(events: AsyncIterable<ConnectorEvent>, call: WatchCall, signal?: AbortSignal): Promise<void> {
  const over = (): boolean => signal?.aborted === true;
  for await (const event of events) {
    if (over()) return;
    if (call.write(eventToMessage(event))) continue;
    try {
      await once(call, 'drain', { signal });
    } catch (error) {
      if (over()) return;
      throw error;
    }
  }
}
