import type { ProblemDocument } from '@automate/contract/http';
import type { RequestParts } from './request.ts';
import { ApiError, noAnswer, send } from './request.ts';

/** A host says something every fifteen seconds: from one that is silent for so long nothing comes any more, though nobody has ended the connection. */
const SILENT_MS = 40_000;

/**
 * Reads server-sent events. `EventSource` would hide why a stream was refused, and could not be told to end by a signal.
 * Ends with the stream; throws an `ApiError` where it is refused, breaks off, falls silent or says itself that it failed.
 */
export async function* readEvents<Data>(path: string, parts: RequestParts = {}): AsyncGenerator<Data, void> {
  const response = await send('GET', path, parts);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await soon(reader.read());
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
    // Not waited for: a connection on which nothing comes any more does not end by that either.
    void reader.cancel().catch(() => undefined);
  }
}

async function soon<Value>(reading: Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ApiError(noAnswer())), SILENT_MS);
  });
  try {
    return await Promise.race([reading, silence]);
  } finally {
    clearTimeout(timer);
  }
}
