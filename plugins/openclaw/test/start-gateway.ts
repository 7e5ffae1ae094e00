import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { closedPort } from '@automate/testing';

export interface Gateway {
  readonly url: string;
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** Stops it and removes what it kept. */
  close(): Promise<void>;
}

const READY_WITHIN_MS = 120_000;

/** The real gateway, as installed in `folder`, with a model that is none: it answers as the stub below does. */
export async function startGateway(folder: string, token: string): Promise<Gateway> {
  const home = mkdtempSync(join(tmpdir(), 'openclaw-'));
  const state = join(home, 'state');
  mkdirSync(state);
  const model = await startModel();
  const port = await closedPort();
  writeFileSync(join(state, 'openclaw.json'), JSON.stringify(configOf(model)));
  const url = `http://127.0.0.1:${port}`;
  const program = join(folder, 'node_modules', 'openclaw', 'openclaw.mjs');
  const args = ['gateway', 'run', '--allow-unconfigured', '--auth', 'token', '--token', token, '--bind', 'loopback'];
  let stop = async (): Promise<void> => {};
  const start = async (): Promise<void> => {
    const env = { PATH: process.env['PATH'], HOME: home, OPENCLAW_STATE_DIR: state };
    const child = spawn(process.execPath, [program, ...args, '--port', String(port)], {
      cwd: home,
      env,
      detached: true,
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    stop = async () => {
      // With all that it has started itself.
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await ended;
    };
    await untilReady(url, () => child.exitCode);
  };
  await start();
  return {
    url,
    stop: () => stop(),
    restart: start,
    async close() {
      await stop();
      model.closeAllConnections();
      model.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
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

async function untilReady(url: string, exitCode: () => number | null): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS;
  while (Date.now() < until) {
    if (exitCode() !== null) throw new Error(`the gateway ended with code ${exitCode()}`);
    const status = await fetch(`${url}/readyz`).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    await sleep(250);
  }
  throw new Error(`the gateway did not become ready in ${READY_WITHIN_MS} ms`);
}
