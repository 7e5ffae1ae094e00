/**
 * The routes and the names of fields that Grafana's own OpenAPI document gives (Grafana Labs, Apache-2.0), as far as this
 * connector uses them. The stand-in refuses to answer anything else, so that it cannot drift into a Grafana of our own making.
 */
export const ROUTES: readonly string[] = [
  'GET /api/health',
  'GET /api/org',
  'GET /api/search',
  'GET /api/dashboards/uid/{uid}',
  'DELETE /api/dashboards/uid/{uid}',
  'POST /api/dashboards/db',
  'POST /api/annotations',
  'GET /api/datasources',
  'POST /api/ds/query',
  'GET /api/v1/provisioning/alert-rules',
  'GET /api/folders',
  'POST /api/folders',
  'GET /api/folders/{folder_uid}',
  'DELETE /api/folders/{folder_uid}',
];

/** Of Grafana's alerting, which the document leaves out: the Alertmanager API v2, below the name of an Alertmanager. */
export const ALERTMANAGER_ROUTES: readonly string[] = [
  'GET /api/v2/alerts',
  'GET /api/v2/alerts/groups',
  'GET /api/v2/silences',
  'POST /api/v2/silences',
  'GET /api/v2/silence/{SilenceId}',
  'DELETE /api/v2/silence/{SilenceId}',
];

interface Model {
  readonly required: string;
  readonly optional: string;
}

const MODELS = {
  Hit: {
    required: 'tags',
    optional:
      'description folderId folderTitle folderUid folderUrl id isDeleted isStarred orgId permanentlyDeleteDate slug sortMeta sortMetaName title type uid uri url',
  },
  DashboardFullWithMeta: { required: '', optional: 'dashboard meta' },
  DashboardMeta: {
    required: '',
    optional:
      'annotationsPermissions apiVersion canAdmin canDelete canEdit canSave canStar created createdBy expires folderId folderTitle folderUid folderUrl hasAcl isFolder isSnapshot isStarred provisioned provisionedExternalId publicDashboardEnabled slug type updated updatedBy url version',
  },
  SaveDashboardCommand: {
    required: '',
    optional: 'UpdatedAt dashboard folderId folderUid isFolder message overwrite userId',
  },
  PostAnnotationsCmd: { required: 'tags text', optional: 'dashboardId dashboardUID data panelId time timeEnd' },
  DataSourceListItemDTO: {
    required: '',
    optional:
      'access basicAuth database id isDefault jsonData name orgId readOnly type typeLogoUrl typeName uid url user',
  },
  HealthResponse: { required: '', optional: 'apiserver commit database enterpriseCommit version' },
  OrgDetailsDTO: { required: '', optional: 'address id name' },
  MetricRequest: { required: 'from queries to', optional: 'debug' },
  ProvisionedAlertRule: {
    required: 'condition data execErrState folderUID for noDataState orgID ruleGroup title',
    optional:
      'annotations id isPaused keep_firing_for labels missingSeriesEvalsToResolve notification_settings provenance record uid updated',
  },
  Folder: {
    required: 'parents',
    optional:
      'accessControl canAdmin canDelete canEdit canSave created createdBy hasAcl id managedBy orgId parentUid title uid updated updatedBy url version',
  },
  ErrorResponseBody: { required: 'message', optional: 'error status' },
} as const satisfies Record<string, Model>;

/** The same value, once it is sure that the document knows all of its fields and that none is missing. */
export function documented<T extends object>(model: keyof typeof MODELS, value: T): T {
  const { required, optional } = MODELS[model] as Model;
  const needed = required.split(' ').filter((name) => name !== '');
  const known = new Set([...needed, ...optional.split(' ')]);
  const strange = Object.keys(value).filter((name) => !known.has(name));
  const missing = needed.filter((name) => !Object.hasOwn(value, name));
  if (strange.length === 0 && missing.length === 0) return value;
  throw new Error(
    `${model} of the document has no ${strange.join(', ') || 'such fields'}, and needs ${missing.join(', ') || 'nothing more'}`,
  );
}
