export { API_PREFIX, HTTP_ROUTES } from './routes.ts';
export type { HttpRoute, OperationId } from './routes.ts';
export { problemDocumentSchema } from './answers.ts';
export {
  fromProblemDocument,
  PROBLEM_MEDIA_TYPE,
  problemType,
  retryAfterHeader,
  toProblemDocument,
} from './problem.ts';
export type { ProblemDocument } from './problem.ts';
export { executionPageView, executionView, scheduleListView, scheduleView } from './execution-views.ts';
export { blameView, statsView } from './stats-views.ts';
export {
  auditPageView,
  auditRecordView,
  auditVerdictView,
  changeResultView,
  configPlanView,
  connectorDescriptionView,
  connectorDetailsView,
  connectorEventView,
  connectorInfoView,
  connectorListView,
  createdTokenView,
  executeResultText,
  exportedConfigView,
  healthHistoryView,
  healthReportsView,
  healthReportView,
  hostListView,
  hostView,
  hostStatusView,
  logLinesView,
  logLineView,
  outcomeView,
  pluginReportView,
  profileChangeView,
  profileListView,
  recentCallsView,
  secretChangeView,
  secretListView,
  testReportView,
  tokenListView,
  tokenView,
} from './views.ts';
