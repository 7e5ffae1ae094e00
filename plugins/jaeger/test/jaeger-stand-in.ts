import type { JsonObject, JsonValue } from '@automate/sdk';
import type { FakeReply, RecordedRequest } from '@automate/testing';
import { FakeService } from '@automate/testing';

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

/** `published`: as Jaeger's OpenAPI document for API v3 has it; `released`: the spelling and wrapping of versions before it. */
export type Dialect = 'published' | 'released';

/** Parameters of the document, by route. The stand-in reads no others, so that it cannot know more than Jaeger does. */
const PARAMETERS = {
  'GET /api/v3/services': [],
  'GET /api/v3/operations': ['service', 'spanKind'],
  'GET /api/v3/traces': [
    ...['query.serviceName', 'query.operationName', 'query.startTimeMin', 'query.startTimeMax', 'query.durationMin'],
    ...['query.durationMax', 'query.searchDepth', 'query.attributes'],
  ],
  'GET /api/v3/traces/{traceId}': ['startTime', 'endTime'],
  'GET /api/v3/dependencies': ['startTime', 'endTime'],
} as const satisfies Record<string, readonly string[]>;

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
    const spelled = dialect === 'published' ? name : name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return request.query.get(spelled === 'query.search_depth' ? 'query.num_traces' : spelled) ?? undefined;
  };
  const parameters = (route: keyof typeof PARAMETERS) => PARAMETERS[route].map(read);
  const traceId = /^\/api\/v3\/traces\/(\w+)$/.exec(request.path)?.[1];
  if (traceId !== undefined) {
    const found = stored.filter(({ span }) => span.traceId === traceId);
    return found.length === 0 ? refuse(dialect, 404, 'trace not found') : traces(dialect, found);
  }
  switch (request.path) {
    case '/api/v3/services':
      return { json: { services: [...new Set(stored.map(({ service }) => service))].toSorted() } };
    case '/api/v3/operations':
      return operations(stored, dialect, parameters('GET /api/v3/operations'));
    case '/api/v3/traces':
      return find(stored, dialect, parameters('GET /api/v3/traces'));
    case '/api/v3/dependencies':
      if (parameters('GET /api/v3/dependencies').includes(undefined))
        return refuse(dialect, 400, 'startTime and endTime are required');
      return { json: { dependencies: calls(stored) } };
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
  return { json: { operations: [...new Map(names.map((each) => [JSON.stringify(each), each])).values()] } };
}

function find(stored: readonly Stored[], dialect: Dialect, values: (string | undefined)[]): FakeReply {
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
  return traces(
    dialect,
    stored.filter(({ span }) => ids.has(span.traceId)),
  );
}

function traces(dialect: Dialect, found: readonly Stored[]): FakeReply {
  const resourceSpans = found.map(({ resource, span }) => ({
    resource,
    scopeSpans: [{ scope: { name: 'x' }, spans: [span] }],
  }));
  return { json: dialect === 'published' ? { resourceSpans } : { result: { resourceSpans } } };
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
    return { parent, child, callCount: String(count) };
  });
}

function refuse(dialect: Dialect, status: number, message: string): FakeReply {
  return { status, json: dialect === 'published' ? { code: 3, message } : { error: { httpCode: status, message } } };
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
