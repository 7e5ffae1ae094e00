import type { JsonObject, JsonValue } from '@automate/contract';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

export type QueryValue = string | number | boolean | undefined;

export interface HttpRequest {
  /** Default GET. */
  readonly method?: HttpMethod;
  /** Path below the connector's endpoint and base path, or a whole URL of the same origin. Parts that come from a caller must be encoded. */
  readonly path: string;
  /** Lists repeat the name; undefined is left out. */
  readonly query?: Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON body. Sets the content type. */
  readonly json?: JsonValue;
  /** A form body, `application/x-www-form-urlencoded`. */
  readonly form?: Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
  /** A body as it is. */
  readonly body?: string | Uint8Array;
  /** Milliseconds for this request, within the call's own deadline. */
  readonly timeoutMs?: number;
  /** Most bytes of the answer's body. Default 3 MiB. */
  readonly maxBytes?: number;
  /** Which statuses are answers rather than errors. Default: 200 to 299. */
  readonly accept?: (status: number) => boolean;
  /** Whether the connector's `auth` is applied. Default true. */
  readonly authorize?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  text(): string;
  /** The body as JSON. Throws UpstreamError where it is not JSON. */
  json(): JsonValue;
}

/**
 * HTTP to the connector's endpoint: applies `auth`, `tls`, the base path, the call's deadline and the caller's trace
 * context, follows no redirect to another origin, and turns every failure into the right `ConnectorError`.
 */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>;
  /** `request` whose answer is read as JSON. */
  json<T extends JsonValue = JsonObject>(request: HttpRequest): Promise<T>;
}
