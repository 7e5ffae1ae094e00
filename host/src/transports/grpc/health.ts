import {
  HEALTH_SERVICE,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
  ServingStatus,
} from '@automate/contract/grpc';
import type { HealthCheckRequest, HealthCheckResponse } from '@automate/contract/grpc';
import type { handleServerStreamingCall, handleUnaryCall, ServerWritableStream } from '@automate/grpc';
import { create } from '@bufbuild/protobuf';
import type { LoadedService } from './lazy-service.ts';
import { SERVICE_NAME } from './method-paths.ts';

/** The standard health service of gRPC (`grpc.health.v1`): the server as a whole (`''`) and the connectors service. */
export interface ServingHealth {
  readonly service: LoadedService;
  setServing(serving: boolean): void;
  /** Ends the streams of those who watch; they never would by themselves. */
  endAll(): void;
}

const NAMES: readonly string[] = ['', SERVICE_NAME];
const NOT_FOUND = 5;

export function createHealthService(initially: boolean): ServingHealth {
  let serving = initially;
  const watchers = new Set<ServerWritableStream<HealthCheckRequest, HealthCheckResponse>>();
  const answer = (): HealthCheckResponse =>
    create(HealthCheckResponseSchema, { status: serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING });
  const check: handleUnaryCall<HealthCheckRequest, HealthCheckResponse> = ({ request: { service } }, callback) =>
    NAMES.includes(service)
      ? callback(null, answer())
      : callback({ code: NOT_FOUND, details: `Health status unknown for service ${service}` });
  const list: handleUnaryCall<unknown, unknown> = (_call, callback) =>
    callback(
      null,
      create(HealthListResponseSchema, { statuses: Object.fromEntries(NAMES.map((name) => [name, answer()])) }),
    );
  const watch: handleServerStreamingCall<HealthCheckRequest, HealthCheckResponse> = (call) => {
    const known = NAMES.includes(call.request.service);
    call.write(known ? answer() : create(HealthCheckResponseSchema, { status: ServingStatus.SERVICE_UNKNOWN }));
    watchers.add(call);
    call.once('cancelled', () => watchers.delete(call));
  };
  return {
    service: { definition: HEALTH_SERVICE, implementation: { check, list, watch } },
    setServing: (value) => {
      serving = value;
      for (const call of watchers) if (NAMES.includes(call.request.service)) call.write(answer());
    },
    endAll: () => {
      for (const call of watchers) call.end();
      watchers.clear();
    },
  };
}
