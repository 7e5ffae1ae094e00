import type { AuthConfig, ConnectorConfig, TlsConfig } from '@automate/contract';
import { parseConnectorConfig, toWireConfig } from '@automate/contract/schemas';
import type { FakeReply, FakeService } from '@automate/testing';
import { createRecordingLogger } from '@automate/testing';
import type { CallContext, ConnectorContext } from '../src/connector-context.ts';
import type { HttpResponse } from '../src/http-client.ts';
import type { CallContextInput } from '../src/runtime/index.ts';
import { createCallContext, createConnectorContext } from '../src/runtime/index.ts';

export interface OpenOptions {
  readonly scheme?: string;
  readonly host?: string;
  readonly port?: number;
  readonly basePath?: string;
  readonly auth?: AuthConfig;
  readonly tls?: TlsConfig;
  readonly timeoutMs?: number;
  readonly healthPath?: string;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly settings?: ConnectorConfig['settings'];
}

export interface OpenedHttp extends Disposable {
  readonly context: ConnectorContext;
  readonly http: ConnectorContext['http'];
  readonly close: () => void;
  call(input?: Partial<CallContextInput>): CallContext;
}

/** A connector's context over this endpoint; disposing closes its connections. */
export function openHttp(options: OpenOptions): OpenedHttp {
  const { timeoutMs, healthPath, secrets, settings = {}, ...endpoint } = options;
  const parsed = parseConnectorConfig(
    toWireConfig({
      id: 'remote',
      settings,
      ...endpoint,
      ...(timeoutMs === undefined ? {} : { limits: { timeoutMs } }),
      ...(healthPath === undefined ? {} : { healthCheck: { path: healthPath } }),
      ...(secrets === undefined ? {} : { profile: 'shared' }),
    }),
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const closing = new AbortController();
  const context = createConnectorContext({
    id: 'remote',
    config: parsed.config,
    settings,
    ...(secrets === undefined ? {} : { profile: { name: 'shared', environment: 'test', settings: {}, secrets } }),
    logger: createRecordingLogger(),
    signal: closing.signal,
  });
  const close = (): void => closing.abort();
  return {
    context,
    http: context.http,
    close,
    call: (input = {}) =>
      createCallContext(context, {
        action: 'test',
        deadline: Date.now() + 20_000,
        signal: () => new AbortController().signal,
        ...input,
      }),
    [Symbol.dispose]: close,
  };
}

/** What a request comes to that the service answers so. */
export async function answerTo(service: FakeService, reply: FakeReply): Promise<HttpResponse> {
  service.on('*', '/x', reply);
  using remote = openHttp(service.endpoint);
  return await remote.http.request({ path: '/x' });
}

/** What a promise rejects with. Fails where it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Readonly<Record<string, unknown>>> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome) return outcome.error as Error & Readonly<Record<string, unknown>>;
  throw new Error(`resolved with ${JSON.stringify(outcome.value)}, though it should have failed`);
}
