import type { JsonObject, JsonValue } from '@automate/contract';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

export type QueryValue = string | number | boolean | undefined;

export interface HttpRequest {
  /** Default GET. */
  readonly method?: HttpMethod;
  /**
   * Path below the connector's endpoint and base path, or a whole URL there. It is sent as it stands, a query of its own
   * included. Parts that come from a caller must be encoded.
   */
  readonly path: string;
  /**
   * Whether `path` may be a whole URL of any origin, such as an upload address that the remote system named, and redirects
   * may lead to any. Elsewhere neither the connector's `auth` nor its client certificate goes along; its authority, proxy,
   * deadline, redaction and errors are the same. Default false. Never pass on what a caller made up.
   */
  readonly anyOrigin?: boolean;
  /** Appended to the path's own query. Lists repeat the name; undefined is left out. */
  readonly query?: Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON body. Sets the content type. */
  readonly json?: JsonValue;
  /** A form body, `application/x-www-form-urlencoded`. */
  readonly form?: Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
  /** A body of several parts, `multipart/form-data`. */
  readonly multipart?: readonly HttpPart[];
  /** A body as it is. */
  readonly body?: string | Uint8Array;
  /** Milliseconds for this request, within the call's own deadline. */
  readonly timeoutMs?: number;
  /** Most bytes of the answer's body. Default 3 MiB. */
  readonly maxBytes?: number;
  /** Which statuses are answers rather than errors. Default: 200 to 299. */
  readonly accept?: (status: number) => boolean;
  /**
   * What the remote system answers in, its errors included. With `json`, a page of another kind that comes with 400, 404,
   * 405 or 410 is not the remote system's but of something in front of it: UPSTREAM_5XX that the operator must mend, reason
   * `not_the_service`, accepted or not.
   */
  readonly answers?: 'json';
  /**
   * Requests of one class share the remote system's rate limit: while a `Retry-After` of a 429 or 503 lasts, the others
   * fail at once, unsent, with what is left of it (reason `held_back`). Default: the action's class; without one, all
   * requests of the connector that name none are of one class.
   */
  readonly rateLimitClass?: string;
  /**
   * Whether an answer with such a `Retry-After` holds requests of every class back, as the limit of a whole account does:
   * all that ask this of their own answers, accepted or not. Default: those of its class alone.
   */
  readonly holdsAll?: (answer: HttpResponse) => boolean;
  /** Whether the connector's `auth` is applied. Default: wherever the request goes to the connector's own endpoint. */
  readonly authorize?: boolean;
}

/** One part of `multipart/form-data`. */
export interface HttpPart {
  readonly name: string;
  /** Text is a field, unless it has a file name; bytes are a file, by default of the name `file`. */
  readonly value: string | Uint8Array;
  readonly filename?: string;
  /** Of a file. Default `application/octet-stream`. */
  readonly contentType?: string;
}

export interface HttpResponse {
  readonly status: number;
  /** Where the answer came from, after redirects. May hold what the query held. */
  readonly url: string;
  /** Header names in lower case; repeated ones are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** Every value of every header, in order. */
  readonly headersDistinct: Readonly<Record<string, readonly string[]>>;
  /** Unpacked, whatever `Content-Encoding` it came in. */
  readonly body: Uint8Array;
  /** The body as text, by its byte order mark or its charset, else as UTF-8. Throws UpstreamError where it is no such text. */
  text(): string;
  /**
   * The body as JSON. A number beyond 2^53 written in digits is given as text, since it would be rounded otherwise.
   * Throws UpstreamError where the body is not JSON.
   */
  json(): JsonValue;
}

/**
 * HTTP to the connector's endpoint: applies `auth`, `tls`, the base path, the call's deadline and the caller's trace
 * context, and turns every failure into the right `ConnectorError`. Redirects within the endpoint's origin are followed as
 * RFC 9110 has it: 303 with a GET, 307 and 308 with the same request; 301 and 302 of a POST are not, since nobody knows
 * whether it was done.
 */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>;
  /** `request` whose answer is read as JSON, errors included: see `answers`. */
  json<T extends JsonValue = JsonObject>(request: HttpRequest): Promise<T>;
}
