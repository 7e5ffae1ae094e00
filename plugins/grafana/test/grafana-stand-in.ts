import type { JsonObject } from '@automate/sdk';
import { isJsonObject } from '@automate/sdk';
import type { FakeReply, RecordedRequest } from '@automate/testing';
import { FakeService } from '@automate/testing';
import { ALERTMANAGER_ROUTES, documented, ROUTES } from './documented-api.ts';
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
  readonly folders: Map<string, { readonly title: string; readonly parentUid: string }>;
  readonly annotations: JsonObject[];
  /** Where the Alertmanager is that answers as Grafana's own. */
  readonly alertmanager: string | undefined;
  /** Where the data source named `prom` really is. */
  readonly prometheus: string | undefined;
}

/**
 * NOT Grafana: a stand-in that keeps dashboards, folders and annotations as Grafana does, with the routes and fields of
 * Grafana's published document. Its data source and its Alertmanager are real ones where they are given.
 */
export async function startGrafana(
  options: { readonly prometheus?: string; readonly alertmanager?: string } = {},
): Promise<GrafanaStandIn> {
  const { prometheus, alertmanager } = options;
  const state: State = { dashboards: new Map(), folders: new Map(), annotations: [], prometheus, alertmanager };
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
  'GET /api/folders': listFolders,
  'POST /api/folders': createFolder,
  'GET /api/folders/{folder_uid}': readFolder,
  'DELETE /api/folders/{folder_uid}': removeFolder,
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
  const [, folder, uid = ''] = /^\/api\/(dashboards\/uid|folders)\/([^/]+)$/.exec(path) ?? [];
  const name = folder === 'folders' ? '/api/folders/{folder_uid}' : '/api/dashboards/uid/{uid}';
  const route = `${method} ${folder === undefined ? path : name}`;
  const alerting = path.startsWith('/api/alertmanager/');
  if (!alerting && !ROUTES.includes(route)) return refuse(404, 'Not found');
  if (route !== 'GET /api/health' && headers['authorization'] !== `Bearer ${TOKEN}`)
    return refuse(401, 'Invalid API key');
  if (headers['x-grafana-org-id'] !== undefined && headers['x-grafana-org-id'] !== '1')
    return refuse(401, 'Unauthorized');
  if (alerting) return passOn(state, request);
  return HANDLERS[route]?.(state, request, decodeURIComponent(uid)) ?? refuse(404, 'Not found');
}

/** As Grafana answers for its own Alertmanager: with its statuses and in its words. */
async function passOn(
  { alertmanager }: State,
  { method, target, path, body, headers }: RecordedRequest,
): Promise<FakeReply> {
  const [, recipient = '', below = ''] = /^\/api\/alertmanager\/([^/]+)(\/.*)$/.exec(path) ?? [];
  if (recipient !== 'grafana') return refuse(404, 'Unable to find datasource: data source not found');
  const route = `${method} ${below.replace(/(?<=\/silence\/)[^/]+$/, '{SilenceId}')}`;
  if (!ALERTMANAGER_ROUTES.includes(route)) return refuse(404, 'Not found');
  if (alertmanager === undefined) return refuse(409, 'Alertmanager is not ready yet');
  const response = await fetch(`${alertmanager}${target.slice('/api/alertmanager/grafana'.length)}`, {
    method,
    ...(method === 'POST' ? { body, headers: { 'content-type': String(headers['content-type']) } } : {}),
  });
  const said = await response.text();
  const words = response.ok ? '' : said === '' ? 'silence not found' : String(JSON.parse(said));
  if (words !== '') return refuse(words === 'silence not found' ? 404 : response.status, words);
  if (method === 'DELETE') return { json: { message: 'silence deleted' } };
  return { status: method === 'POST' ? 202 : 200, json: JSON.parse(said) as JsonObject };
}

function listFolders({ folders }: State, { query: wanted }: RecordedRequest): FakeReply {
  const parent = wanted.get('parentUid') ?? '';
  const limit = Number(wanted.get('limit') ?? 1000);
  const begin = (Number(wanted.get('page') ?? 1) - 1) * limit;
  const found = [...folders].filter(([, { parentUid }]) => parentUid === parent).slice(begin, begin + limit);
  return {
    json: found.map(([uid, { title, parentUid }], index) => ({
      id: index + 1,
      uid,
      title,
      ...(parentUid === '' ? {} : { parentUid }),
    })),
  };
}

function folderOf({ folders }: State, uid: string): FakeReply {
  const { title = '', parentUid = '' } = folders.get(uid) ?? {};
  const above = folders.get(parentUid);
  const parents = above === undefined ? [] : [{ uid: parentUid, title: above.title, id: 1 }];
  return {
    json: documented('Folder', {
      id: 1,
      uid,
      title,
      ...(above === undefined ? {} : { parentUid }),
      parents,
      url: `/dashboards/f/${uid}/x`,
      version: 1,
      createdBy: 'sa-1-automate',
      created: '2026-01-01T00:00:00Z',
    }),
  };
}

function createFolder(state: State, request: RecordedRequest): FakeReply {
  const {
    title,
    uid = `made-${state.folders.size + 1}`,
    parentUid = '',
    ...rest
  } = request.json() as Record<string, string>;
  if (Object.keys(rest).length > 0 || title === undefined) return refuse(400, 'bad request data');
  if (state.folders.has(uid)) return refuse(409, 'a folder with the same UID already exists');
  if (parentUid !== '' && !state.folders.has(parentUid)) return refuse(404, 'folder not found');
  state.folders.set(uid, { title, parentUid });
  return folderOf(state, uid);
}

function readFolder(state: State, _request: RecordedRequest, uid: string): FakeReply {
  return state.folders.has(uid)
    ? folderOf(state, uid)
    : { status: 404, json: { status: 'not-found', message: 'folder not found' } };
}

function removeFolder(state: State, { query: wanted }: RecordedRequest, uid: string): FakeReply {
  if (!state.folders.has(uid)) return { status: 404, json: { status: 'not-found', message: 'folder not found' } };
  // The folders of the alert rules that the stand-in has.
  if (/^f[12]$/.test(uid) && wanted.get('forceDeleteRules') !== 'true')
    return refuse(400, 'folder contains alert rules');
  state.folders.delete(uid);
  return { json: { message: 'Folder deleted' } };
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
    updated: '2026-02-01T00:00:00Z',
    updatedBy: 'bob',
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
