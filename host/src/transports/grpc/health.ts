import type { ServerWritableStream, UntypedHandleCall } from '@grpc/grpc-js';
import { HealthImplementation, service as definition } from 'grpc-health-check';
import type { LoadedService } from './lazy-service.ts';
import { SERVICE_NAME } from './method-paths.ts';

/** The standard health service of gRPC (`grpc.health.v1`): the server as a whole (`''`) and the connectors service. */
export interface ServingHealth {
  readonly service: LoadedService;
  setServing(serving: boolean): void;
  /** Ends the streams of those who watch; they never would by themselves. */
  endAll(): void;
}

export function createHealthService(serving: boolean): ServingHealth {
  const status = (value: boolean) => (value ? 'SERVING' : 'NOT_SERVING');
  const health = new HealthImplementation({ '': status(serving), [SERVICE_NAME]: status(serving) });
  const open = new Set<ServerWritableStream<unknown, unknown>>();
  let handlers: Record<string, UntypedHandleCall> = {};
  health.addToServer({
    addService: (_definition, implementation) => (handlers = implementation as Record<string, UntypedHandleCall>),
  });
  const watch = handlers['watch'] as ((call: ServerWritableStream<unknown, unknown>) => void) | undefined;
  const remember = (call: ServerWritableStream<unknown, unknown>): void => {
    open.add(call);
    call.once('cancelled', () => open.delete(call));
    watch?.(call);
  };
  return {
    service: { definition, implementation: { ...handlers, watch: remember } },
    setServing: (value) => {
      for (const name of ['', SERVICE_NAME]) health.setStatus(name, status(value));
    },
    endAll: () => {
      for (const call of open) call.end();
      open.clear();
    },
  };
}
