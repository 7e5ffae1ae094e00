import { createConnectorError, errorForStatus } from '@automate/sdk';
import type { ConnectorError, ErrorCode, HttpClient, HttpResponse, JsonValue } from '@automate/sdk';
import { textMap, tryJson } from '@automate/sdk/exchange';
import { z } from 'zod';
import type { GrafanaApi } from './grafana-api.ts';
import { checkAnswer, jsonValue, grafanaMessage } from './grafana-api.ts';

const PATH = '/api/ds/query';

/** Queries, the time that they are about, and how closely to look. */
export const queryInput = z.strictObject({
  queries: z
    .array(
      z.strictObject({
        ref_id: z
          .string()
          .regex(/^(?!__proto__$)[A-Za-z0-9_]+$/)
          .default('A')
          .describe('Name of the query in the result'),
        datasource_uid: z.string().min(1).describe('Uid of the data source, from `list_datasources`'),
        model: z
          .record(z.string(), jsonValue)
          .describe('The query as the data source wants it; for Prometheus `{"expr":"up","instant":true}`'),
      }),
    )
    .min(1)
    .refine((queries) => new Set(queries.map(({ ref_id }) => ref_id)).size === queries.length, {
      error: 'expected each query to have a ref_id of its own',
    }),
  from: z.string().min(1).default('now-1h').describe('Begin: `now-1h`, or milliseconds since the epoch as text'),
  to: z.string().min(1).default('now').describe('End, likewise'),
  interval_ms: z.int().positive().optional().describe('Distance between two points, in milliseconds'),
  max_data_points: z.int().positive().optional().describe('Most points of one series'),
});

/** A table: one list of values for each field, all of one length. */
export const frame = z.object({
  name: z.string().optional(),
  fields: z.array(
    z.object({
      name: z.string(),
      type: z.string().optional().describe('`time` (milliseconds), `number`, `string`, `boolean` …'),
      labels: textMap.optional(),
    }),
  ),
  values: z
    .array(z.array(jsonValue))
    .describe('The columns, in the order of the fields; numbers that JSON has no word for as `NaN`, `+Inf` and `-Inf`'),
  nanos: z
    .array(z.array(z.number()).nullable())
    .optional()
    .describe('For columns of times, what is to be added to the milliseconds, in nanoseconds'),
  notices: z.array(z.object({ severity: z.string().optional(), text: z.string() })).optional(),
});

/** By the name under which a frame lists the places of numbers that JSON has no word for. */
const ENTITIES = { NaN: 'NaN', Inf: '+Inf', NegInf: '-Inf' } as const;
const places = z.array(z.int().min(0)).nullish();
const entities = z.object({ NaN: places, Inf: places, NegInf: places }).nullish();

/** A field as it comes: what it lacks, its name too, is left out. */
const field = z.object({ name: z.string().nullish(), type: z.string().nullish(), labels: textMap.nullish() });
const notice = z.object({ severity: z.string().nullish(), text: z.string().nullish() });

const answer = z.object({
  results: z.record(
    z.string(),
    z.object({
      status: z.int().nullish(),
      error: z.string().nullish(),
      errorSource: z.string().nullish(),
      frames: z
        .array(
          z.object({
            schema: z
              .object({
                name: z.string().nullish(),
                fields: z.array(field).nullish(),
                meta: z.object({ notices: z.array(notice).nullish() }).nullish(),
              })
              .nullish(),
            data: z
              .object({
                values: z.array(z.array(jsonValue)).nullish(),
                entities: z.array(entities).nullish(),
                nanos: frame.shape.nanos.nullish(),
              })
              .nullish(),
          }),
        )
        .nullish(),
    }),
  ),
});

type Result = z.output<typeof answer>['results'][string];

/**
 * Sends queries through Grafana. One that fails fails the whole, since a result that is quietly incomplete would be
 * taken for an empty one.
 */
export async function runQueries(
  grafana: GrafanaApi,
  http: HttpClient,
  input: z.output<typeof queryInput>,
): Promise<Record<string, { frames: z.output<typeof frame>[] }>> {
  const { queries, from, to, interval_ms, max_data_points } = input;
  const response = await grafana.request(http, {
    method: 'POST',
    path: PATH,
    json: {
      from,
      to,
      queries: queries.map(({ ref_id, datasource_uid, model }) => ({
        ...model,
        refId: ref_id,
        datasource: { uid: datasource_uid },
        ...(interval_ms === undefined ? {} : { intervalMs: interval_ms }),
        ...(max_data_points === undefined ? {} : { maxDataPoints: max_data_points }),
      })),
    },
    // Failed queries come with 207, 400 or 500 and up, and their reasons in the usual body.
    accept: (status) => (status >= 200 && status < 300) || status === 400 || status >= 500,
  });
  if (response.status >= 400) throw queryRefused(response);
  const { results } = checkAnswer(answer, response.json(), PATH);
  const failure = queryError(results);
  if (failure !== undefined) throw failure;
  return Object.fromEntries(Object.entries(results).map(([name, result]) => [name, { frames: toFrames(result) }]));
}

function toFrames(result: Result): z.output<typeof frame>[] {
  return (result.frames ?? []).map(({ schema, data }) => ({
    ...(schema?.name ? { name: schema.name } : {}),
    fields: (schema?.fields ?? []).map(({ name, type, labels }) => ({
      name: name ?? '',
      ...(type ? { type } : {}),
      ...(labels ? { labels } : {}),
    })),
    values: (data?.values ?? []).map((column, index) => withEntities(column, data?.entities?.[index])),
    ...(data?.nanos ? { nanos: data.nanos } : {}),
    ...(schema?.meta?.notices?.length ? { notices: schema.meta.notices.map(toNotice) } : {}),
  }));
}

function toNotice({ severity, text }: z.output<typeof notice>): { severity?: string; text: string } {
  return { ...(severity ? { severity } : {}), text: text ?? '' };
}

/** Grafana writes null where a number is none that JSON has, and tells beside which it was. */
function withEntities(column: readonly JsonValue[], listed: z.output<typeof entities>): JsonValue[] {
  const values = [...column];
  for (const [name, word] of Object.entries(ENTITIES))
    for (const place of listed?.[name as keyof typeof ENTITIES] ?? []) if (place < values.length) values[place] = word;
  return values;
}

function queryRefused(response: HttpResponse): ConnectorError {
  const { status } = response;
  const body = tryJson(response);
  const parsed = answer.safeParse(body);
  const failed = parsed.success ? queryError(parsed.data.results) : undefined;
  if (failed !== undefined) return failed;
  const message = `Grafana refused the queries: ${grafanaMessage(body)}`;
  return errorForStatus(status, message) ?? createConnectorError('INVALID_INPUT', message, { details: { status } });
}

/**
 * The error of queries that failed: the status of one is that of the data source's own answer; without one the query was
 * wrong. All are named, and the first gives the code.
 */
function queryError(results: Readonly<Record<string, Result>>): ConnectorError | undefined {
  const failed = Object.entries(results).filter(([, { error, status }]) => Boolean(error) || (status ?? 0) >= 400);
  const [first] = failed;
  if (first === undefined) return undefined;
  const [refId, { status: told, errorSource }] = first;
  const status = told ?? 400;
  const code: ErrorCode =
    status === 504 ? 'TIMEOUT' : status >= 500 ? 'UPSTREAM_5XX' : status === 429 ? 'RATE_LIMITED' : 'INVALID_INPUT';
  const said = failed.map(([name, { error }]) => `query ${name} failed: ${error || 'no reason given'}`);
  return createConnectorError(code, said.join('; '), {
    details: { ref_id: refId, status, ...(errorSource ? { error_source: errorSource } : {}) },
  });
}
