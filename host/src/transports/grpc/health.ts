import { CONNECTORS_SERVICE_NAME } from '@automate/contract/grpc';
import type { Server, ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

/** The standard health service of gRPC (`grpc.health.v1`): the server as a whole (`''`) and the connectors service. */
export interface ServingHealth {
  setServing(serving: boolean): void;
  /** Ends the streams of those who watch; they never would by themselves. */
  endAll(): void;
}

export function addHealthService(server: Server, serving: boolean): ServingHealth {
  const status = (value: boolean) => (value ? 'SERVING' : 'NOT_SERVING');
  const health = new HealthImplementation({ '': status(serving), [CONNECTORS_SERVICE_NAME]: status(serving) });
  const open = new Set<ServerWritableStream<unknown, unknown>>();
  health.addToServer({
    addService: (definition, implementation) => {
      const { watch, ...others } = implementation as UntypedServiceImplementation;
      const remember = (call: ServerWritableStream<unknown, unknown>): void => {
        open.add(call);
        call.once('cancelled', () => open.delete(call));
        (watch as (call: ServerWritableStream<unknown, unknown>) => void)(call);
      };
      server.addService(definition, { ...others, watch: remember });
    },
  });
  return {
    setServing: (value) => {
      for (const name of ['', CONNECTORS_SERVICE_NAME]) health.setStatus(name, status(value));
    },
    endAll: () => {
      for (const call of open) call.end();
      open.clear();
    },
  };
}
