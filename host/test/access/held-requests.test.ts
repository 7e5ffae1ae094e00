import { once } from 'node:events';
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { connect } from 'node:http2';
import { describe, expect, it } from '@jest/globals';
import { ServedHost } from './fixtures/served-host.ts';

interface HeldCall extends AsyncDisposable {
  readonly stream: ClientHttp2Stream;
}

/** The head of a call of gRPC; what it asks for comes when the caller likes. */
function holdCall(address: string, method: string, authorization?: string): HeldCall {
  const session = connect(`http://${address}`);
  session.on('error', () => undefined);
  const stream = session.request({
    ':method': 'POST',
    ':path': `/connectors.ConnectorsService/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(authorization === undefined ? {} : { authorization }),
  });
  stream.on('error', () => undefined);
  return {
    stream,
    async [Symbol.asyncDispose]() {
      session.destroy();
    },
  };
}

/** Sends the message, and gives the status of gRPC: 0 also where the first message of a stream comes. */
async function finish({ stream }: HeldCall, message: Buffer): Promise<number> {
  const length = Buffer.alloc(5);
  length.writeUInt32BE(message.length, 1);
  const status = new Promise<number>((resolve) => {
    const read = (headers: IncomingHttpHeaders): void => {
      if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
    };
    stream
      .on('response', read)
      .on('trailers', read)
      .on('data', () => resolve(0));
  });
  stream.end(Buffer.concat([length, message]));
  return status;
}

/** Until the host has seen what was sent: it has answered what came after it. */
async function settle({ host }: ServedHost): Promise<void> {
  const session = connect(`http://${host.grpcAddress}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.end(Buffer.alloc(5)).resume();
  await once(stream, 'close');
  session.destroy();
}

const UNAUTHENTICATED = 16;
const CALLS = [
  ['ListConnectors', Buffer.alloc(0)],
  ['WatchConnectors', Buffer.alloc(0)],
  // The connector x, the action say.
  ['ExecuteAction', Buffer.from('\n\x01x\x12\x03say')],
] as const;

describe('a call whose head came before its caller counted no longer', () => {
  it.each(CALLS)('is refused when it comes to be made: %s, with a token', async (method, message) => {
    await using served = await ServedHost.open();
    const authorization = `Bearer ${await served.token('execute:x')}`;
    await using kept = holdCall(served.host.grpcAddress ?? '', method, authorization);
    await using late = holdCall(served.host.grpcAddress ?? '', method, authorization);
    await settle(served);
    expect(await finish(kept, message)).toBe(0);
    for (const { id } of await served.service.listTokens()) await served.service.revokeToken(id);
    expect(await finish(late, message)).toBe(UNAUTHENTICATED);
  });

  it.each(CALLS)('is refused when it comes to be made: %s, where nobody had to sign in', async (method, message) => {
    await using served = await ServedHost.open();
    await using late = holdCall(served.host.grpcAddress ?? '', method);
    await settle(served);
    await served.token('execute:x');
    expect(await finish(late, message)).toBe(UNAUTHENTICATED);
  });
});
