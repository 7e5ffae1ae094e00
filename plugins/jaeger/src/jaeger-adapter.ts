import { ConnectorAdapter } from '@automate/sdk';
import type { AdapterHealth, CallContext } from '@automate/sdk';
import { callAction } from '@automate/sdk/exchange';
import { findTraces } from './actions/find-traces.ts';
import { getDependencies } from './actions/get-dependencies.ts';
import { getTrace } from './actions/get-trace.ts';
import { listOperations } from './actions/list-operations.ts';
import { listServices, readServices } from './actions/list-services.ts';
import { configSchema } from './config.ts';
import { sendToJaeger } from './jaeger-client.ts';

/** The query service of a Jaeger. Everything but `call` only reads. */
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
    call: callAction({
      description: "Sends any request to Jaeger's query service, for what has no action of its own.",
      send: (request, { http }) => sendToJaeger(http, request),
    }),
  };

  /** Requests read their credentials by themselves. */
  override onSecretsChanged(): void {}

  override async connect(): Promise<boolean> {
    await readServices(this.context.http);
    return true;
  }

  /** A configured `health_check.path` must answer 2xx; besides, the list of services, which needs storage and credentials. */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    await this.probe(context);
    const services = await readServices(context.http);
    return { status: 'healthy', message: `Jaeger knows ${services.length} services` };
  }
}
