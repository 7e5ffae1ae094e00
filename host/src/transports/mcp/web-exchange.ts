import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PassedTexts } from './passed-texts.ts';

/** How long a client may leave what it is sent unread, in milliseconds. */
const UNREAD_MS = 60_000;

/** The head of a request of Node's as the web has it; its signal fires when the client goes away before the answer is whole. */
export function toWebRequest(request: IncomingMessage, response: ServerResponse): Request {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers))
    // Who calls is known, and what said so goes no further.
    if (name !== 'authorization' && name !== 'cookie')
      for (const each of [value ?? []].flat()) headers.append(name, each);
  const { method = 'GET' } = request;
  return new Request(new URL(request.url ?? '/', 'http://host'), {
    method,
    headers,
    signal: gone.signal,
  });
}

/** Sends an answer as it comes, no faster than the client reads; one that stops reading is cut off. `passed` is put into it. */
export async function sendWebResponse(answer: Response, response: ServerResponse, passed?: PassedTexts): Promise<void> {
  const reader = answer.body?.getReader();
  const closed = once(response, 'close').catch(() => undefined);
  // What it is made of lets go as soon as nobody wants it any more.
  void closed.then(() => reader?.cancel().catch(() => undefined));
  if (response.destroyed) {
    await reader?.cancel().catch(() => undefined);
    return;
  }
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (reader === undefined) {
    response.end();
    return;
  }
  response.flushHeaders();
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true as const, value: undefined }));
    if (done || response.destroyed) break;
    if (passed === undefined || passed.isEmpty) await write([value]);
    else {
      await passed.turn();
      await write(passed.fill(value));
    }
  }
  response.end();

  async function write(parts: readonly Uint8Array[]): Promise<void> {
    const isTaken = parts.map((part) => response.write(part)).at(-1);
    if (isTaken === true) return;
    const late = setTimeout(() => response.destroy(), UNREAD_MS);
    await Promise.race([once(response, 'drain').catch(() => undefined), closed]);
    clearTimeout(late);
  }
}
