import { ConnectorAdapter } from '@automate/sdk';
import type { AdapterHealth, CallContext } from '@automate/sdk';
import { findTraces } from './actions/find-traces.ts';
import { getDependencies } from './actions/get-dependencies.ts';
import { getTrace } from './actions/get-trace.ts';
import { listOperations } from './actions/list-operations.ts';
import { listServices, services } from './actions/list-services.ts';
import { configSchema } from './config.ts';
import { askJaeger } from './jaeger-client.ts';

/** The query service of a Jaeger. Everything it does only reads. */
export default class JaegerAdapter extends ConnectorAdapter {
  readonly name = 'jaeger';
  readonly version = '1.0.0';
  override readonly title = 'Jaeger';
  override readonly description = 'Finds traces, services, operations and dependencies in Jaeger.';
  override readonly configSchema = configSchema;
  override readonly actions = {
    list_services: listServices,
    list_operations: listOperations,
    find_traces: findTraces,
    get_trace: getTrace,
    get_dependencies: getDependencies,
  };

  override async connect(): Promise<boolean> {
    await askJaeger(this.context.http, '/api/v3/services', {}, services);
    return true;
  }

  /** A configured `health_check.path` is asked as for every kind; else the list of services, which needs storage and credentials. */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    if (this.context.config.healthCheck.path !== undefined) return super.healthCheck(context);
    const answer = await askJaeger(context.http, '/api/v3/services', {}, services);
    return { status: 'healthy', message: `Jaeger knows ${answer.services?.length ?? 0} services` };
  }
}
