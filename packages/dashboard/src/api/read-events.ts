import type { ProblemDocument } from '@automate/contract/http';
import type { RequestParts } from './request.ts';
import { ApiError, send } from './request.ts';

/**
 * Reads server-sent events. `EventSource` would hide why a stream was refused, and could not be told to end by a signal.
 * Ends with the stream; throws an `ApiError` where it is refused, breaks off or says itself that it failed.
 */
export async function* readEvents<Data>(path: string, parts: RequestParts = {}): AsyncGenerator<Data, void> {
  const response = await send('GET', path, parts);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data === undefined) continue;
        if (block.startsWith('event: error')) throw new ApiError(JSON.parse(data) as ProblemDocument);
        yield JSON.parse(data) as Data;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
