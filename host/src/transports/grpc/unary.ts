import { InvalidInputError } from '@automate/contract';
import type { CallOptions } from '@automate/contract';
import type { ConnectorsMethod, UnreadableMessage } from '@automate/contract/grpc';
import { create } from '@bufbuild/protobuf';
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { handleUnaryCall } from '@automate/grpc';
import { answerError } from './answer-errors.ts';
import { CallScope } from './call-options.ts';
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
): Handler<MessageShape<Input>, MessageShape<Output>> {
  return serveUnary(method.path, {
    logger,
    answer: async (request, options) => create(method.output, await answer(request, options)),
  });
}

type Handler<Request, Response> = handleUnaryCall<Request | UnreadableMessage, Response>;

/** The same for an answer that is what the method's codec takes. */
export function serveUnary<Request extends object, Response>(
  path: string,
  options: {
    readonly logger: GrpcLogger;
    readonly answer: (request: Request, options: CallOptions) => Promise<Response>;
  },
): Handler<Request, Response> {
  const respond: (...args: Parameters<Handler<Request, Response>>) => Promise<void> = async (call, callback) => {
    const scope = new CallScope(call);
    try {
      const response = await options.answer(readable(call.request), scope);
      scope.finish();
      callback(null, response);
    } catch (error) {
      scope.finish();
      callback(answerError(error, { method: path, metadata: call.metadata, logger: options.logger }));
    }
  };
  return (call, callback) => void respond(call, callback);
}

/** Gives the request, or throws where it could not be read. */
export function readable<Message extends object>(request: Message | UnreadableMessage): Message {
  if ('unreadable' in request) throw new InvalidInputError(String(request.unreadable));
  return request;
}
