import type { JsonObject } from '@automate/sdk';
import { isJsonObject } from '@automate/sdk';
import type { FakeReply, RecordedRequest } from '@automate/testing';
import { FakeService } from '@automate/testing';
import { documented, ROUTES } from './documented-api.ts';
import { toFrames } from './prometheus-frames.ts';

export const TOKEN = 'glsa_right';

export interface GrafanaStandIn extends AsyncDisposable {
  readonly service: FakeService;
  readonly url: string;
  readonly annotations: readonly JsonObject[];
  close(): Promise<void>;
}

interface Stored {
  readonly model: JsonObject;
  readonly version: number;
  readonly folderUid: string;
}

interface State {
  readonly dashboards: Map<string, Stored>;
  readonly annotations: JsonObject[];
  /** Where the data source named `prom` really is. */
  readonly prometheus: string | undefined;
}

/**
 * NOT Grafana: a stand-in that keeps dashboards and annotations as Grafana does, with the routes and fields of Grafana's
 * published document. Its data source is a real Prometheus where one is given.
 */
export async function startGrafana(options: { readonly prometheus?: string } = {}): Promise<GrafanaStandIn> {
  const state: State = { dashboards: new Map(), annotations: [], prometheus: options.prometheus };
  const service = await FakeService.start();
  service.on('*', /.*/, (request) => answer(state, request));
  return {
    service,
    url: service.url,
    annotations: state.annotations,
    close: () => service.close(),
    [Symbol.asyncDispose]: () => service.close(),
  };
}

type Handler = (state: State, request: RecordedRequest, parameter: string) => FakeReply | Promise<FakeReply>;

const HANDLERS: Readonly<Record<string, Handler>> = {
  'GET /api/health': () => ({
    json: documented('HealthResponse', { database: 'ok', version: '12.3.0', commit: 'abc' }),
  }),
  'GET /api/org': () => ({ json: documented('OrgDetailsDTO', { id: 1, name: 'Main Org.' }) }),
  'GET /api/search': search,
  'GET /api/dashboards/uid/{uid}': read,
  'DELETE /api/dashboards/uid/{uid}': remove,
  'POST /api/dashboards/db': save,
  'POST /api/annotations': annotate,
  'GET /api/datasources': () => ({
    json: [
      documented('DataSourceListItemDTO', {
        uid: 'prom',
        name: 'Metrics',
        type: 'prometheus',
        url: 'http://p:9090',
        isDefault: true,
      }),
      documented('DataSourceListItemDTO', { uid: 'loki', name: 'Logs', type: 'loki', url: '', readOnly: true }),
    ],
  }),
  'POST /api/ds/query': query,
  'GET /api/v1/provisioning/alert-rules': () => ({
    json: [alertRule('r1', 'Disk full', 'f1'), alertRule('r2', 'Slow', 'f2')],
  }),
};

function answer(state: State, request: RecordedRequest): FakeReply | Promise<FakeReply> {
  const { method, path, headers } = request;
  const uid = /^\/api\/dashboards\/uid\/([^/]+)$/.exec(path)?.[1];
  const route = uid === undefined ? `${method} ${path}` : `${method} /api/dashboards/uid/{uid}`;
  if (!ROUTES.includes(route)) return refuse(404, 'Not found');
  if (route !== 'GET /api/health' && headers['authorization'] !== `Bearer ${TOKEN}`)
    return refuse(401, 'Invalid API key');
  return HANDLERS[route]?.(state, request, decodeURIComponent(uid ?? '')) ?? refuse(404, 'Not found');
}

function search({ dashboards }: State, { query: wanted }: RecordedRequest): FakeReply {
  const tags = wanted.getAll('tag');
  const hits = [...dashboards.values()]
    .filter(({ model }) =>
      String(model['title'])
        .toLowerCase()
        .includes((wanted.get('query') ?? '').toLowerCase()),
    )
    .filter(({ model }) => tags.every((tag) => tagsOf(model).includes(tag)))
    .map(({ model, folderUid }, index) =>
      documented('Hit', {
        id: index + 1,
        uid: String(model['uid']),
        title: String(model['title']),
        type: 'dash-db',
        tags: tagsOf(model),
        isStarred: false,
        url: `/d/${String(model['uid'])}`,
        ...(folderUid === '' ? {} : { folderUid, folderTitle: 'A folder' }),
      }),
    );
  const limit = Number(wanted.get('limit') ?? 1000);
  const begin = (Number(wanted.get('page') ?? 1) - 1) * limit;
  return { json: hits.slice(begin, begin + limit) };
}

function read({ dashboards }: State, _request: RecordedRequest, uid: string): FakeReply {
  const stored = dashboards.get(uid);
  if (stored === undefined) return refuse(404, 'Dashboard not found');
  const { model, version, folderUid } = stored;
  const meta = documented('DashboardMeta', {
    slug: 'x',
    url: `/d/${uid}`,
    version,
    folderUid,
    created: '2026-01-01T00:00:00Z',
  });
  return { json: documented('DashboardFullWithMeta', { dashboard: { ...model, version }, meta }) };
}

function remove({ dashboards }: State, _request: RecordedRequest, uid: string): FakeReply {
  const stored = dashboards.get(uid);
  if (stored === undefined) return refuse(404, 'Dashboard not found');
  dashboards.delete(uid);
  return { json: { title: String(stored.model['title']), message: 'Dashboard deleted', id: 1 } };
}

function save({ dashboards }: State, request: RecordedRequest): FakeReply {
  const command = documented('SaveDashboardCommand', request.json() as JsonObject);
  const model = command['dashboard'];
  if (!isJsonObject(model) || typeof model['title'] !== 'string') return refuse(400, 'Dashboard title cannot be empty');
  const uid = typeof model['uid'] === 'string' ? model['uid'] : `made-${dashboards.size + 1}`;
  const before = dashboards.get(uid);
  if (before !== undefined && command['overwrite'] !== true && model['version'] !== before.version) {
    const message = 'The dashboard has been changed by someone else';
    return { status: 412, json: documented('ErrorResponseBody', { status: 'version-mismatch', message }) };
  }
  const version = (before?.version ?? 0) + 1;
  const folderUid = typeof command['folderUid'] === 'string' ? command['folderUid'] : (before?.folderUid ?? '');
  dashboards.set(uid, { model: { ...model, uid }, version, folderUid });
  return { json: { id: dashboards.size, uid, url: `/d/${uid}`, status: 'success', version, slug: 'x', folderUid } };
}

function annotate({ annotations }: State, request: RecordedRequest): FakeReply {
  const command = documented('PostAnnotationsCmd', request.json() as JsonObject);
  annotations.push(command);
  return { json: { message: 'Annotation added', id: annotations.length } };
}

async function query({ prometheus }: State, request: RecordedRequest): Promise<FakeReply> {
  const { queries, from, to } = documented('MetricRequest', request.json() as JsonObject);
  const results: JsonObject = {};
  for (const each of queries as JsonObject[]) {
    const { refId, datasource, expr } = each as { refId: string; datasource: { uid: string }; expr: string };
    if (datasource.uid !== 'prom' || prometheus === undefined) return refuse(404, 'Data source not found');
    results[refId] = await toFrames(prometheus, {
      expr,
      instant: each['instant'] === true,
      from: String(from),
      to: String(to),
    });
  }
  const failed = Object.values(results).some((result) => isJsonObject(result) && result['error'] !== undefined);
  return { status: failed ? 400 : 200, json: { results } };
}

function alertRule(uid: string, title: string, folderUID: string): JsonObject {
  const rule = {
    uid,
    title,
    folderUID,
    orgID: 1,
    ruleGroup: 'every minute',
    condition: 'A',
    data: [],
    isPaused: false,
  };
  return documented('ProvisionedAlertRule', {
    ...rule,
    for: '5m',
    noDataState: 'NoData',
    execErrState: 'Error',
    labels: { team: 'a' },
  });
}

function refuse(status: number, message: string): FakeReply {
  return { status, json: documented('ErrorResponseBody', { message }) };
}

function tagsOf(model: JsonObject): string[] {
  return Array.isArray(model['tags']) ? model['tags'].map(String) : [];
}
