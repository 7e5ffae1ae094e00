import { InvalidInputError } from '@automate/contract';
import type { CallOptions } from '@automate/contract';
import type { ConnectorsMethod, UnreadableMessage } from '@automate/contract/grpc';
import { create } from '@bufbuild/protobuf';
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { handleUnaryCall } from '@grpc/grpc-js';
import { answerError } from './answer-errors.ts';
import { openCallScope } from './call-options.ts';
import type { GrpcLogger } from './logger.ts';

/** Answers one method: a request that could be read, in; what the response holds, out. */
export type Answer<Input extends DescMessage, Output extends DescMessage> = (
  request: MessageShape<Input>,
  options: CallOptions,
) => Promise<MessageInitShape<Output>>;

/** A handler for grpc-js: deadline, cancellation and trace context go in, errors come out with their details. */
export function unary<Input extends DescMessage, Output extends DescMessage>(
  method: ConnectorsMethod<Input, Output>,
  { logger, answer }: { readonly logger: GrpcLogger; readonly answer: Answer<Input, Output> },
): handleUnaryCall<MessageShape<Input> | UnreadableMessage, MessageShape<Output>> {
  return async (call, callback) => {
    const scope = openCallScope(call);
    try {
      const response = create(method.output, await answer(readable(call.request), scope.options));
      scope.finish();
      callback(null, response);
    } catch (error) {
      scope.finish();
      callback(answerError(error, { method: method.path, metadata: call.metadata, logger }));
    }
  };
}

/** The request, unless it was none. */
export function readable<Message extends object>(request: Message | UnreadableMessage): Message {
  if ('unreadable' in request) throw new InvalidInputError(String(request.unreadable));
  return request;
}
