import type { JsonObject, JsonValue } from '@automate/contract';
import type { HttpClient, HttpRequest, HttpResponse } from '../http-client.ts';
import type { Exchanges } from './exchanges.ts';
import type { CallScope, HttpClientOptions } from './http-client-options.ts';

const FOR_CALL = Symbol.for('automate.http-for-call');

interface CallAware extends HttpClient {
  readonly [FOR_CALL]: (call: CallScope) => HttpClient;
}

/** HTTP to a connector's endpoint. Costs nothing until the first request: the network's modules are loaded then. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  let exchanges: Promise<Exchanges> | undefined;
  const open = (): Promise<Exchanges> =>
    (exchanges ??= import('./exchanges.ts').then(({ createExchanges }) => createExchanges(options)));
  const client: CallAware = {
    ...clientOver((request) => open().then((made) => made.send(request, undefined))),
    [FOR_CALL]: (call) => forCall(open, call),
  };
  return client;
}

/** The same client within a call's deadline, trace and cancellation. A client that knows no calls is used as it is. */
export function httpForCall(http: HttpClient, call: CallScope): HttpClient {
  return (http as Partial<CallAware>)[FOR_CALL]?.(call) ?? http;
}

function forCall(open: () => Promise<Exchanges>, call: CallScope): HttpClient {
  // Once a request of the call may have changed something, no later failure of the same call is without effect:
  // repeating the call would repeat that request too.
  const history = { acted: false };
  return clientOver((request) => open().then((made) => made.send(request, { call, history })));
}

function clientOver(send: (request: HttpRequest) => Promise<HttpResponse>): HttpClient {
  return {
    request: send,
    json: async <T extends JsonValue = JsonObject>(request: HttpRequest): Promise<T> => {
      const headers = { accept: 'application/json', ...request.headers };
      return (await send({ answers: 'json', ...request, headers })).json() as T;
    },
  };
}
