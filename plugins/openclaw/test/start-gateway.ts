import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Program } from '@automate/tooling/start-program';
import { answers, startProgram } from '@automate/tooling/start-program';

export interface Gateway extends Pick<Program, 'stop' | 'restart' | 'close'> {
  readonly url: string;
}

/** The real gateway, as installed in `folder`, with a model that is none: it answers as the stub below does. */
export async function startGateway(folder: string, token: string): Promise<Gateway> {
  const model = await startModel();
  const program = join(folder, 'node_modules', 'openclaw', 'openclaw.mjs');
  const args = ['gateway', 'run', '--allow-unconfigured', '--auth', 'token', '--token', token, '--bind', 'loopback'];
  const closeModel = (): void => {
    model.closeAllConnections();
    model.close();
  };
  try {
    const gateway = await startProgram({
      command: 'sh',
      setUp(place) {
        place.write('openclaw.json', JSON.stringify(configOf(model)));
        const start = 'HOME="$PWD" OPENCLAW_STATE_DIR="$PWD" exec "$@"';
        return ['-c', start, 'sh', process.execPath, program, ...args, '--port', String(place.port)];
      },
      isReady: answers('/readyz'),
    });
    return {
      url: `http://127.0.0.1:${gateway.port}`,
      // With all that it has started itself.
      stop: () => gateway.stop('SIGKILL'),
      restart: gateway.restart,
      async close() {
        await gateway.close();
        closeModel();
      },
    };
  } catch (error) {
    closeModel();
    throw error;
  }
}

const configOf = (model: Server): object => ({
  gateway: { mode: 'local' },
  agents: { defaults: { model: { primary: 'stub/stub' } } },
  models: {
    providers: {
      stub: {
        baseUrl: `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`,
        apiKey: 'none',
        api: 'openai-completions',
        models: [
          {
            id: 'stub',
            name: 'Stub',
            reasoning: false,
            input: ['text'],
            cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
            contextWindow: 128_000,
            maxTokens: 4096,
          },
        ],
      },
    },
  },
});

/** Speaks as OpenAI's API does and knows one sentence. Asked to SLEEP it says nothing. */
async function startModel(): Promise<Server> {
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  if (body.includes('SLEEP')) return;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (delta: object, reason: string | null): void => {
    const choices = [{ index: 0, delta, finish_reason: reason }];
    response.write(
      `data: ${JSON.stringify({ id: '1', object: 'chat.completion.chunk', created: 1, model: 'stub', choices })}\n\n`,
    );
  };
  for (const content of ['Hello ', 'from ', 'the ', 'stub']) send({ role: 'assistant', content }, null);
  send({}, 'stop');
  response.end('data: [DONE]\n\n');
}
