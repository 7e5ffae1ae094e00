import { UpstreamError } from '@automate/sdk';
import type { HttpClient, HttpRequest, HttpResponse } from '@automate/sdk';
import { z } from 'zod';
import { queryData } from './outputs.ts';
import { mayCarryError, prometheusError } from './prometheus-error.ts';

type Params = NonNullable<HttpRequest['query']>;

/** What the server remarked on an answer that it gave all the same. */
export interface Remarks {
  readonly warnings?: string[];
  readonly infos?: string[];
}

export interface PrometheusAnswer<T> {
  readonly data: T;
  readonly remarks: Remarks;
}

interface PrometheusRequest<S extends z.ZodType> {
  readonly path: string;
  readonly params?: Params;
  /** Sends the parameters as a form, which no limit on the length of URLs can cut. */
  readonly post?: boolean;
  /** What `data` of the answer must look like. */
  readonly data: S;
}

const envelope = z.object({
  status: z.literal('success'),
  data: z.unknown(),
  warnings: z.array(z.string()).nullish(),
  infos: z.array(z.string()).nullish(),
});

/**
 * Asks the server's HTTP API v1 and checks the answer's shape.
 *
 * @throws ConnectorError of the class that belongs to the server's own error type; UpstreamError where the answer is not
 *   Prometheus's.
 */
export async function askPrometheus<S extends z.ZodType>(
  http: HttpClient,
  request: PrometheusRequest<S>,
): Promise<PrometheusAnswer<z.output<S>>> {
  const response = await send(http, request);
  if (response.status >= 300) throw prometheusError(response, request.path);
  const answer = check(envelope, response.json(), request.path);
  return { data: check(request.data, answer.data, request.path), remarks: toRemarks(answer) };
}

/**
 * Has the server evaluate the number one: proves that the endpoint speaks Prometheus's API, lets us in and can answer
 * queries. Every server that is compatible offers it.
 */
export async function checkApi(http: HttpClient): Promise<void> {
  await askPrometheus(http, { path: '/api/v1/query', params: { query: '1' }, data: queryData });
}

/** Asks the server whether it is up, which it answers without touching its data. */
export async function checkUp(http: HttpClient): Promise<void> {
  const { headers } = await http.request({ path: '/-/healthy' });
  if (!(headers['content-type'] ?? '').includes('html')) return;
  throw notPrometheus('/-/healthy', 'a web page');
}

/** The filter of a listing as the API wants it. */
export function toListParams(filter: {
  readonly match?: readonly string[] | undefined;
  readonly start?: string | number | undefined;
  readonly end?: string | number | undefined;
  readonly limit?: number | undefined;
}): Params {
  const { match, start, end, limit } = filter;
  return { 'match[]': match, start, end, limit };
}

async function send(http: HttpClient, { path, params, post }: PrometheusRequest<z.ZodType>): Promise<HttpResponse> {
  const get = (): Promise<HttpResponse> =>
    http.request({ path, query: params ?? {}, accept: (status) => isSuccess(status) || mayCarryError(status) });
  if (post !== true) return get();
  const response = await http.request({
    method: 'POST',
    path,
    form: params ?? {},
    accept: (status) => isSuccess(status) || mayCarryError(status) || isMethodRefused(status),
  });
  // What takes no POST (an old server, a strict proxy) still takes short queries by GET.
  return isMethodRefused(response.status) ? get() : response;
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;
const isMethodRefused = (status: number): boolean => status === 405 || status === 501;

function check<S extends z.ZodType>(schema: S, value: unknown, path: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw notPrometheus(path, z.prettifyError(result.error).replaceAll('\n', ' '));
}

function toRemarks(answer: z.output<typeof envelope>): Remarks {
  return {
    ...(answer.warnings?.length ? { warnings: answer.warnings } : {}),
    ...(answer.infos?.length ? { infos: answer.infos } : {}),
  };
}

function notPrometheus(path: string, found: string): UpstreamError {
  return new UpstreamError(
    `${path} did not answer as Prometheus does (${found}); check host, port and base_path of the connector`,
    { retryable: false, effect: 'none', details: { reason: 'bad_answer' } },
  );
}
