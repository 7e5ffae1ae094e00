import type { CallProgress, ExecuteTextResult } from '@automate/contract';
import { CONNECTORS_SERVICE, millisToInt64 } from '@automate/contract/grpc';
import { create } from '@bufbuild/protobuf';
import type { MessageInitShape, MessageShape } from '@bufbuild/protobuf';

type Output = (typeof CONNECTORS_SERVICE)['executeActionWithProgress']['output'];

/** What a call tells of its progress, of which a slow reader is told the newest alone, and then its answer. */
export async function* executeWithProgress(
  run: (onProgress: (now: CallProgress) => void) => Promise<ExecuteTextResult>,
): AsyncGenerator<MessageShape<Output>, void> {
  let newest: CallProgress | undefined;
  let news = Promise.withResolvers<void>();
  const answer = run((now) => {
    newest = now;
    news.resolve();
  });
  const isOver = answer.then(
    () => true,
    () => true,
  );
  for (let over = false; !over;) {
    over = await Promise.race([isOver, news.promise.then(() => false)]);
    const told = newest;
    newest = undefined;
    news = Promise.withResolvers();
    if (told !== undefined) yield eventOf({ case: 'progress', value: told });
  }
  const { result, durationMs, ...rest } = await answer;
  const value = { ...rest, result: Buffer.from(result), durationMs: millisToInt64(Math.round(durationMs)) };
  yield eventOf({ case: 'answer', value });
}

function eventOf(event: NonNullable<MessageInitShape<Output>['event']>): MessageShape<Output> {
  return create(CONNECTORS_SERVICE.executeActionWithProgress.output, { event });
}
