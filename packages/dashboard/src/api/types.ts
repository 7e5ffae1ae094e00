import type { HTTP_ROUTES, OperationId } from '@automate/contract/http';

/** The table of routes, of which the page needs the types alone. */
export type Routes = typeof HTTP_ROUTES;

/** What an operation answers. */
export type Answer<Id extends OperationId> = Routes[Id]['answer']['_zod']['output'];

export type ConnectorInfo = Answer<'listConnectors'>['connectors'][number];
export type ConnectorDetails = Answer<'getConnector'>;
export type ConnectorDescription = Answer<'describeConnector'>;
export type ActionDescription = ConnectorDescription['actions'][number];
export type ConnectorEvent = Answer<'watchConnectors'>;
export type ExecuteResult = Answer<'executeAction'>;
export type Execution = Answer<'getExecution'>;
export type Schedule = Answer<'setSchedule'>;
export type HostInfo = Answer<'listHosts'>['hosts'][number];
export type HealthReport = Answer<'healthCheck'>;
export type TestReport = Answer<'testConnector'>;
export type HealthFinding = Answer<'listHealthHistory'>['findings'][number];
export type ConnectorStats = Answer<'getStats'>['connectors'][number];
export type BlameReport = Answer<'blame'>;
export type PluginEntry = Answer<'listPlugins'>['plugins'][number];
export type LogLine = Answer<'readLogs'>['lines'][number];
export type AuditRecord = Answer<'listAudit'>['records'][number];

/** Anything that JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | JsonMap;
export type JsonMap = { readonly [Key in string]: Json };

/** Who is signed in at the page. */
export interface Session {
  readonly name: string;
  readonly scopes: readonly string[];
  /** By a token given to this page, so that signing out means something. */
  readonly signed_in: boolean;
  /** Of the host. */
  readonly version: string;
}
