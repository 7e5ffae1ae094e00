import { describe, expect, it } from '@jest/globals';
import { CONNECTORS_SERVICE, CONNECTORS_SERVICE_NAME } from '@automate/contract/grpc';
import { loadServices } from '../../../dist/transports/grpc/load-services.js';
import { METHOD_PATHS, SERVICE_NAME } from '../../../dist/transports/grpc/method-paths.js';
import { NO_SIGN_IN } from '../../../dist/transports/sign-in.js';
import { MemoryService } from '../fixtures/memory-service.ts';

describe('the paths that the gRPC server announces before it has loaded their code', () => {
  it('are those of the loaded services, with the same kind of stream', async () => {
    const silent = { debug: () => undefined, warn: () => undefined, error: () => undefined };
    const { services } = await loadServices({
      service: new MemoryService(),
      logger: silent,
      serving: true,
      signIn: NO_SIGN_IN,
    });
    const loaded = services.flatMap(({ definition }) =>
      Object.values(definition).map(({ path, requestStream, responseStream }) => ({
        path,
        kind: requestStream ? 'duplex' : responseStream ? 'server-stream' : 'unary',
      })),
    );
    const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
    expect(METHOD_PATHS.toSorted(byPath)).toEqual(loaded.toSorted(byPath));
    expect(SERVICE_NAME).toBe(CONNECTORS_SERVICE_NAME);
    expect(Object.keys(CONNECTORS_SERVICE).length).toBeGreaterThan(12);
  });
});
