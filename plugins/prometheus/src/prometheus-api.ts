import { InvalidInputError } from '@automate/sdk';
import type { ConnectorContext, HttpClient, HttpRequest, HttpResponse } from '@automate/sdk';
import { tryJson } from '@automate/sdk/exchange';
import { z } from 'zod';
import { cutToLimit } from './cut-to-limit.ts';
import { queryData } from './outputs.ts';
import { mayCarryError, notPrometheus, prometheusError, toldError } from './prometheus-error.ts';
import { Tenant } from './tenant.ts';

type Params = NonNullable<HttpRequest['query']>;

/** What the server remarked on an answer that it gave all the same. */
export interface Remarks {
  readonly warnings?: string[];
  readonly infos?: string[];
  readonly partial?: true;
}

export interface PrometheusAnswer<T> {
  readonly data: T;
  readonly remarks: Remarks;
  /** Whether `limit` has cut the data. */
  readonly truncated: boolean;
  /** Bytes of the answer as it came. */
  readonly bytes: number;
}

export interface PrometheusRequest<S extends z.ZodType> {
  readonly path: string;
  readonly params?: Params;
  /** Sends the parameters as a form, which no limit on the length of URLs can cut. */
  readonly post?: boolean;
  /** Most entries of the data. Servers that do not know the parameter send all of them. */
  readonly limit?: number | undefined;
  readonly tenant?: string | undefined;
  /** What `data` of the answer must look like. */
  readonly data: S;
}

/** More than a result may have: `limit` and filters cut what the server sends whole. */
const MAX_READ_BYTES = 8 * 1024 * 1024;

const envelope = z.object({
  status: z.literal('success'),
  data: z.unknown(),
  warnings: z.array(z.string()).nullish(),
  infos: z.array(z.string()).nullish(),
  // VictoriaMetrics, where a part of its cluster did not answer.
  isPartial: z.boolean().nullish(),
});

/** The HTTP API v1 of one server. */
export class PrometheusApi {
  readonly #tenant = new Tenant();

  open(context: ConnectorContext): void {
    this.#tenant.open(context);
  }

  /**
   * Asks for something and checks the answer's shape.
   *
   * @throws ConnectorError of the class that belongs to the server's own error; UpstreamError where the answer is not
   *   Prometheus's.
   */
  async ask<S extends z.ZodType>(
    http: HttpClient,
    request: PrometheusRequest<S>,
  ): Promise<PrometheusAnswer<z.output<S>>> {
    const { path, limit } = request;
    const response = await this.#exchange(http, request);
    const body = tryJson(response);
    if (body === undefined) throw notPrometheus(path, `${response.body.byteLength} bytes that are not JSON`);
    const told = toldError(body, response, path);
    if (told !== undefined) throw told;
    const answer = checkAnswer(envelope, body, path);
    const { data, cut } = cutToLimit(answer.data, limit);
    const remarks = toRemarks(answer);
    return {
      data: checkAnswer(request.data, data, path),
      remarks,
      truncated: cut || (remarks.warnings?.some((warning) => warning.includes('truncated due to limit')) ?? false),
      bytes: response.body.byteLength,
    };
  }

  /** Sends any request as the server wants it, and gives errors in its words. */
  async send(http: HttpClient, request: HttpRequest): Promise<HttpResponse> {
    const wanted = request.accept ?? isSuccess;
    const response = await http.request({
      ...request,
      headers: { ...this.#tenant.headers(), ...request.headers },
      accept: (status) => wanted(status) || mayCarryError(status),
    });
    if (wanted(response.status)) return response;
    throw prometheusError(response, request.path);
  }

  /**
   * Has the server evaluate the number one: proves that the endpoint speaks Prometheus's API, lets us in and can answer
   * queries. Every server that is compatible offers it.
   */
  async check(http: HttpClient): Promise<void> {
    await this.ask(http, { path: '/api/v1/query', params: { query: '1' }, data: queryData });
  }

  async #exchange(
    http: HttpClient,
    { path, params = {}, post, limit, tenant }: PrometheusRequest<z.ZodType>,
  ): Promise<HttpResponse> {
    const given = { ...params, limit: params['limit'] ?? limit };
    const headers = this.#tenant.headers(tenant);
    const get = (): Promise<HttpResponse> => this.send(http, { path, query: given, headers, maxBytes: MAX_READ_BYTES });
    if (post !== true) return get();
    const response = await this.send(http, {
      method: 'POST',
      path,
      form: given,
      headers,
      maxBytes: MAX_READ_BYTES,
      accept: (status) => isSuccess(status) || isMethodRefused(status),
    });
    // What takes no POST (an old server, a strict proxy) still takes short queries by GET.
    return isMethodRefused(response.status) ? get() : response;
  }
}

/** The filter of a listing as the API wants it. */
export function toListParams(filter: {
  readonly match?: readonly string[] | undefined;
  readonly start?: string | number | undefined;
  readonly end?: string | number | undefined;
}): Params {
  const { match, start, end } = filter;
  return { 'match[]': match, start: toTimestamp(start), end: toTimestamp(end) };
}

/** A moment as the API wants it: what is relative to now, in Unix seconds; all else as it is. */
export function toTimestamp<T extends string | number | undefined>(moment: T): T | number {
  if (typeof moment !== 'string' || !moment.startsWith('now')) return moment;
  const [, sign = '', span = ''] = /^now([+-]?)(.*)$/.exec(moment) ?? [];
  const seconds = [...span.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwy])/g)]
    .map(([, count, unit]) => Number(count) * (SECONDS_OF[unit ?? ''] ?? 0))
    .reduce((sum, each) => sum + each, 0);
  return Math.round(Date.now() + (sign === '-' ? -1 : 1) * seconds * 1000) / 1000;
}

/**
 * The moments at which an expression is evaluated, as the API wants them. Prometheus counts them in nanoseconds, and of
 * one that 64 bits do not hold, or that is no number, it makes another one without a word.
 */
export function toEvaluationTimes<T extends Readonly<Record<string, string | number | undefined>>>(
  moments: T,
): Record<keyof T, string | number | undefined> {
  const times = Object.entries(moments).map(([name, moment]) => [name, toTimestamp(moment)] as const);
  const problems = times
    .filter(([, time]) => !isWithinReach(time))
    .map(([path]) => ({
      path,
      expected: 'a moment between the years 1678 and 2261, as seconds or a date',
      received: JSON.stringify(moments[path]),
    }));
  if (problems.length > 0) throw new InvalidInputError('no server can evaluate at that moment', { problems });
  return Object.fromEntries(times) as Record<keyof T, string | number | undefined>;
}

/** The beginning of 2262, and by the same distance before 1970 that of 1678. */
const MOST_SECONDS = 9_214_646_400;

/** What is neither a number nor a date is for the server to read. */
function isWithinReach(time: string | number | undefined): boolean {
  if (time === undefined) return true;
  if (/^[+-]?(nan|inf)/i.test(String(time))) return false;
  const number = Number(time);
  const seconds = Number.isNaN(number) ? Date.parse(String(time)) / 1000 : number;
  return Number.isNaN(seconds) || Math.abs(seconds) < MOST_SECONDS;
}

const SECONDS_OF: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 7 * 86_400,
  y: 365 * 86_400,
};

const isSuccess = (status: number): boolean => status >= 200 && status < 300;
const isMethodRefused = (status: number): boolean => status === 405 || status === 501;

function checkAnswer<S extends z.ZodType>(schema: S, value: unknown, path: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw notPrometheus(path, z.prettifyError(result.error).replaceAll('\n', ' '));
}

function toRemarks(answer: z.output<typeof envelope>): Remarks {
  return {
    ...(answer.warnings?.length ? { warnings: answer.warnings } : {}),
    ...(answer.infos?.length ? { infos: answer.infos } : {}),
    ...(answer.isPartial === true ? { partial: true } : {}),
  };
}
