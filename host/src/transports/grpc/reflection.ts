import { fileDescriptors } from '@automate/contract/grpc';
import type { Server, UntypedHandleCall } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { service as healthDefinition } from 'grpc-health-check';
import type { LoadedService } from './lazy-service.ts';

/** What lets tools ask the server for its protocol (`grpc.reflection.v1` and `v1alpha`). */
export function createReflectionServices(): readonly LoadedService[] {
  const described = (fileDescriptorProtos: readonly Buffer[]) => ({
    format: 'Protocol Buffer 3 DescriptorProto' as const,
    type: {},
    fileDescriptorProtos: [...fileDescriptorProtos],
  });
  const { requestType } = healthDefinition['Check'] as unknown as { requestType: { fileDescriptorProtos: Buffer[] } };
  const reflection = new ReflectionService({
    connectors: described(fileDescriptors()),
    health: described(requestType.fileDescriptorProtos),
  });
  const services: LoadedService[] = [];
  // The library only knows how to add itself to a server; here its parts are added one by one, later.
  const collector: Pick<Server, 'addService'> = {
    addService: (definition, implementation) =>
      void services.push({ definition, implementation: implementation as Record<string, UntypedHandleCall> }),
  };
  reflection.addToServer(collector);
  return services;
}
