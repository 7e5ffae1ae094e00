import type { JsonObject } from '@automate/sdk';

const SEARCH =
  'query.serviceName query.operationName query.startTimeMin query.startTimeMax query.durationMin query.durationMax query.searchDepth query.attributes';

/**
 * The routes and parameters that Jaeger's published document of API v3 gives (Apache-2.0), as far as this connector uses
 * them. `query.attributes` is a field of its query message, whose description says how it goes into a URL.
 */
const ROUTES = {
  'GET /api/v3/services': '',
  'GET /api/v3/operations': 'service spanKind',
  'GET /api/v3/traces': SEARCH,
  'GET /api/v3/trace-summaries': SEARCH,
  'GET /api/v3/traces/{traceId}': 'startTime endTime',
  'GET /api/v3/dependencies': 'startTime endTime',
} as const satisfies Record<string, string>;

export type Route = keyof typeof ROUTES;

/** Names of the parameters of a route. */
export function parametersOf(route: Route): string[] {
  return ROUTES[route].split(' ').filter((name) => name !== '');
}

/** The document's patterns for values of parameters. */
export const PATTERNS: Readonly<Record<string, RegExp>> = {
  'query.durationMin': /^-?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,9})?s$/,
  'query.durationMax': /^-?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,9})?s$/,
};

const MODELS = {
  GetServicesResponse: 'services',
  GetOperationsResponse: 'operations',
  Operation: 'name spanKind',
  DependenciesResponse: 'dependencies',
  Dependency: 'parent child callCount',
  FindTraceSummariesResponse: 'summaries',
  TraceSummary:
    'errorSpanCount maxEndTimeUnixNano minStartTimeUnixNano orphanSpanCount rootOperationName rootServiceName services spanCount traceId',
  ServiceSummary: 'errorSpanCount name spanCount',
  TracesData: 'resourceSpans',
  ResourceSpans: 'resource schemaUrl scopeSpans',
  ScopeSpans: 'schemaUrl scope spans',
  Span: 'attributes droppedAttributesCount droppedEventsCount droppedLinksCount endTimeUnixNano events flags kind links name parentSpanId spanId startTimeUnixNano status traceId traceState',
  Status: 'code details message',
} as const satisfies Record<string, string>;

/** The same object, once it is sure that the document knows all of its fields. */
export function documented<T extends JsonObject>(model: keyof typeof MODELS, value: T): T {
  const known = MODELS[model].split(' ');
  const strange = Object.keys(value).filter((name) => !known.includes(name));
  if (strange.length > 0) throw new Error(`${model} of the document has no ${strange.join(', ')}`);
  return value;
}
