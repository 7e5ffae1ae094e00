import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import type { Seen } from './fixtures/tools-server.ts';
import { createToolsServer } from './fixtures/tools-server.ts';

export interface HttpServer extends AsyncDisposable {
  readonly url: string;
  readonly seen: Seen;
  /** The token that is asked for; none: nobody is asked. */
  token: string | undefined;
  /** What every request is answered with, where it is no answer of the server. */
  status: number | undefined;
  /** Forgets every session. */
  forget(): void;
}

/** The official server over streamable HTTP, with sessions. */
export async function startHttpServer(): Promise<HttpServer> {
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>();
  const seen: Seen = { calls: [], cancelled: 0 };
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (running.status !== undefined) {
      response.writeHead(running.status).end('no');
      return;
    }
    if (running.token !== undefined && request.headers.authorization !== `Bearer ${running.token}`) {
      response.writeHead(401).end();
      return;
    }
    const id = request.headers['mcp-session-id'];
    let transport = typeof id === 'string' ? sessions.get(id) : undefined;
    if (transport === undefined) {
      if (id !== undefined) {
        response
          .writeHead(404)
          .end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}');
        return;
      }
      transport = new NodeStreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (session) => void sessions.set(session, transport as NodeStreamableHTTPServerTransport),
      });
      await createToolsServer(seen).connect(transport);
    }
    await transport.handleRequest(request, response);
  };
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const running: HttpServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    seen,
    token: undefined,
    status: undefined,
    forget: () => sessions.clear(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  return running;
}
