import type { JsonObject, JsonValue } from '@automate/sdk';
import type { FakeReply, RecordedRequest } from '@automate/testing';
import { FakeService } from '@automate/testing';
import type { Route } from './documented-api.ts';
import { documented, parametersOf, PATTERNS } from './documented-api.ts';

/** OTLP's JSON, as far as it matters to find spans again. */
interface Span extends JsonObject {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}

interface Stored {
  readonly service: string;
  readonly resource: JsonObject;
  readonly span: Span;
}

/**
 * `published`: as Jaeger's OpenAPI document for API v3 has it, ids as OTLP has them. `streamed`: the same as gateways of
 * gRPC stream it, in chunks, ids as bytes are in protobuf's JSON. `released`: the spelling, the wrapping and the 404 for
 * nothing found of versions before, which know no summaries.
 */
export type Dialect = 'published' | 'streamed' | 'released';

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

/**
 * NOT Jaeger: a stand-in that takes spans by OTLP over HTTP and gives them back by the routes and parameters of Jaeger's
 * published document.
 */
export async function startJaeger(dialect: Dialect = 'published'): Promise<FakeService> {
  const stored: Stored[] = [];
  const service = await FakeService.start();
  service.on('GET', /^\/api\/v3\//, (request) => answer(stored, dialect, request));
  service.on('POST', '/v1/traces', (request) => {
    stored.push(...unpack(request.json() as JsonObject));
    return { json: {} };
  });
  return service;
}

/** Spans come by resource and scope. */
function unpack(body: JsonObject): Stored[] {
  return objects(body['resourceSpans']).flatMap((group) => {
    const resource = (group['resource'] ?? {}) as JsonObject;
    const named = objects(resource['attributes']).find(({ key }) => key === 'service.name');
    const service = String((named?.['value'] as JsonObject | undefined)?.['stringValue'] ?? 'unknown');
    const spans = objects(group['scopeSpans']).flatMap((scope) => objects(scope['spans']) as Span[]);
    return spans.map((span) => ({ service, resource, span }));
  });
}

function answer(stored: readonly Stored[], dialect: Dialect, request: RecordedRequest): FakeReply {
  const read = (name: string): string | undefined => {
    const spelled = dialect === 'released' ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name;
    return request.query.get(spelled === 'query.search_depth' ? 'query.num_traces' : spelled) ?? undefined;
  };
  const parameters = (route: Route): (string | undefined)[] => parametersOf(route).map(read);
  const strange = Object.entries(PATTERNS).find(([name, pattern]) => !pattern.test(read(name) ?? '0s'));
  if (strange !== undefined) return refuse(dialect, 400, `malformed parameter '${strange[0]}'`);
  const traceId = /^\/api\/v3\/traces\/(\w+)$/.exec(request.path)?.[1];
  if (traceId !== undefined) {
    const found = stored.filter(({ span }) => span.traceId === traceId);
    return found.length === 0 ? refuse(dialect, 404, 'trace not found') : traces(dialect, found);
  }
  switch (request.path) {
    case '/api/v3/services': {
      const services = [...new Set(stored.map(({ service }) => service))];
      return { json: documented('GetServicesResponse', { services }) };
    }
    case '/api/v3/operations':
      return operations(stored, dialect, parameters('GET /api/v3/operations'));
    case '/api/v3/traces':
      return find(stored, dialect, parameters('GET /api/v3/traces'), traces);
    case '/api/v3/trace-summaries':
      // Older versions have their user interface at every path that they do not know.
      if (dialect === 'released') return { text: '<html>', headers: { 'content-type': 'text/html' } };
      return find(stored, dialect, parameters('GET /api/v3/trace-summaries'), summaries);
    case '/api/v3/dependencies':
      if (parameters('GET /api/v3/dependencies').includes(undefined))
        return refuse(dialect, 400, 'startTime and endTime are required');
      return { json: documented('DependenciesResponse', { dependencies: calls(stored) }) };
    default:
      return { status: 404, text: '404 page not found' };
  }
}

function operations(stored: readonly Stored[], dialect: Dialect, [service, kind]: (string | undefined)[]): FakeReply {
  if (service === undefined) return refuse(dialect, 400, "malformed parameter 'service': empty");
  const names = stored
    .filter((each) => each.service === service)
    .map(({ span }) => ({ name: span.name, spanKind: KINDS[Number(span['kind'] ?? 0)] ?? '' }))
    .filter(({ spanKind }) => kind === undefined || spanKind === kind);
  const distinct = [...new Map(names.map((each) => [JSON.stringify(each), documented('Operation', each)])).values()];
  return { json: documented('GetOperationsResponse', { operations: distinct }) };
}

function find(
  stored: readonly Stored[],
  dialect: Dialect,
  values: (string | undefined)[],
  tell: (dialect: Dialect, found: readonly Stored[]) => FakeReply,
): FakeReply {
  const [service, operation, from, to, shortest, longest, depth, attributes] = values;
  if (from === undefined || to === undefined)
    return refuse(dialect, 400, "malformed parameter 'query.startTimeMin': empty");
  const wanted = Object.entries(JSON.parse(attributes ?? '{}') as Record<string, string>);
  const matching = stored.filter(
    ({ service: own, span }) =>
      own === service &&
      (operation === undefined || span.name === operation) &&
      startOf(span) >= Date.parse(from) &&
      startOf(span) < Date.parse(to) &&
      (shortest === undefined || lengthOf(span) >= parseMs(shortest)) &&
      (longest === undefined || lengthOf(span) <= parseMs(longest)) &&
      wanted.every(([key, value]) => attributeOf(span, key) === value),
  );
  const ids = new Set([...new Set(matching.map(({ span }) => span.traceId))].slice(0, Number(depth ?? 100)));
  const found = stored.filter(({ span }) => ids.has(span.traceId));
  return found.length === 0 && dialect === 'released' ? refuse(dialect, 404, 'No traces found') : tell(dialect, found);
}

function traces(dialect: Dialect, found: readonly Stored[]): FakeReply {
  const groups = found.map(({ resource, span }) => {
    const sent = documented('Span', dialect === 'streamed' ? inBase64(span) : span);
    const scopeSpans = [documented('ScopeSpans', { scope: { name: 'x' }, spans: [sent] })];
    return documented('ResourceSpans', { resource, scopeSpans });
  });
  if (dialect === 'streamed') {
    return chunks(groups.map((group) => documented('TracesData', { resourceSpans: [group] })));
  }
  const data = documented('TracesData', { resourceSpans: groups });
  return { json: dialect === 'published' ? data : { result: data } };
}

function summaries(dialect: Dialect, found: readonly Stored[]): FakeReply {
  const byTrace = Map.groupBy(found, ({ span }) => span.traceId);
  const all = [...byTrace].map(([traceId, spans]) => {
    const root = spans.find(({ span }) => span['parentSpanId'] === undefined);
    const names = [...new Set(spans.map(({ service }) => service))].toSorted();
    return documented('TraceSummary', {
      traceId,
      rootServiceName: root?.service ?? '',
      rootOperationName: root?.span.name ?? '',
      minStartTimeUnixNano: spans.map(({ span }) => span.startTimeUnixNano).toSorted()[0] ?? '0',
      maxEndTimeUnixNano:
        spans
          .map(({ span }) => span.endTimeUnixNano)
          .toSorted()
          .at(-1) ?? '0',
      spanCount: spans.length,
      errorSpanCount: spans.filter(({ span }) => (span['status'] as JsonObject | undefined)?.['code'] === 2).length,
      services: names.map((name) => documented('ServiceSummary', { name })),
    });
  });
  if (dialect === 'streamed') return chunks(all.map((each) => ({ summaries: [each] })));
  return { json: documented('FindTraceSummariesResponse', { summaries: all }) };
}

/** Newline-delimited, each in an envelope. */
function chunks(results: readonly JsonObject[]): FakeReply {
  const text = results.map((result) => `${JSON.stringify({ result })}\n`).join('');
  return { text, headers: { 'content-type': 'application/json' } };
}

function inBase64(span: Span): Span {
  const ids = ['traceId', 'spanId', 'parentSpanId'].filter((name) => span[name] !== undefined);
  const encoded = ids.map((name) => [name, Buffer.from(String(span[name]), 'hex').toString('base64')]);
  return { ...span, ...(Object.fromEntries(encoded) as JsonObject) };
}

/** Calls from one service into another, from parents and children. */
function calls(stored: readonly Stored[]): JsonObject[] {
  const counts = new Map<string, number>();
  for (const { service, span } of stored) {
    const parent = stored.find((each) => each.span.spanId === span['parentSpanId']);
    if (parent === undefined || parent.service === service) continue;
    const edge = JSON.stringify([parent.service, service]);
    counts.set(edge, (counts.get(edge) ?? 0) + 1);
  }
  return [...counts].map(([edge, count]) => {
    const [parent, child] = JSON.parse(edge) as [string, string];
    return documented('Dependency', { parent, child, callCount: String(count) });
  });
}

function refuse(dialect: Dialect, status: number, message: string): FakeReply {
  const code = status === 404 ? 5 : 3;
  if (dialect === 'published') return { status, json: documented('Status', { code, message, details: [] }) };
  if (dialect === 'streamed') return { status, json: { error: { grpc_code: code, http_code: status, message } } };
  // Go's helper for errors says that it is plain text.
  const text = JSON.stringify({ error: { httpCode: status, message } });
  return { status, text, headers: { 'content-type': 'text/plain; charset=utf-8' } };
}

function attributeOf(span: Span, key: string): string | undefined {
  const value = objects(span['attributes']).find((each) => each['key'] === key)?.['value'];
  return value === undefined ? undefined : String(Object.values(value as JsonObject)[0]);
}

const startOf = (span: Span): number => Number(BigInt(span.startTimeUnixNano) / 1_000_000n);
const lengthOf = (span: Span): number => Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6;

function parseMs(duration: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(duration) ?? [];
  return Number(number) * (unit === 's' ? 1000 : 1);
}

function objects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? (value as JsonObject[]) : [];
}
