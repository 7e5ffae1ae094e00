import type { OutgoingHttpHeaders } from 'node:http2';
import type { ConnectorService } from '@automate/contract';
import type { SignIn } from '../sign-in.ts';
import type { GrpcLogger } from './logger.ts';
import type { ExplainStatus } from './prepare-streams.ts';
import type { LoadedService } from './lazy-service.ts';

/** Everything that the server answers, once it is loaded. */
export interface LoadedServices {
  readonly services: readonly LoadedService[];
  readonly explainStatus: ExplainStatus;
  /** The headers of an answer to whom no call was let in. */
  refusalHeaders(reason: unknown): OutgoingHttpHeaders;
  setServing(serving: boolean): void;
  /** Ends all streams in good order. */
  endStreams(): void;
}

/** Loads what reads and writes messages: protobuf, the standard health service, reflection. */
export async function loadServices(options: {
  readonly service: ConnectorService;
  readonly logger: GrpcLogger;
  readonly serving: boolean;
  readonly signIn: SignIn;
}): Promise<LoadedServices> {
  const [
    { createHandlers },
    { CONNECTORS_SERVICE },
    { createHealthService },
    { createReflectionServices },
    { explainStatus, refusalHeaders },
  ] = await Promise.all([
    import('./handlers.ts'),
    import('@automate/contract/grpc'),
    import('./health.ts'),
    import('./reflection.ts'),
    import('./explain-status.ts'),
  ]);
  const { handlers, streams } = createHandlers(options.service, options.logger);
  const health = createHealthService(options.serving);
  return {
    services: [
      { definition: CONNECTORS_SERVICE, implementation: handlers },
      health.service,
      ...createReflectionServices(options),
    ],
    explainStatus,
    refusalHeaders: (reason) => refusalHeaders(reason, options.logger),
    setServing: (serving) => health.setServing(serving),
    endStreams: () => {
      streams.endAll();
      health.endAll();
    },
  };
}
