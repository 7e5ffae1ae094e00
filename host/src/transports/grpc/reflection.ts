import { fileDescriptors } from '@automate/contract/grpc';
import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { service as healthDefinition } from 'grpc-health-check';

/** Lets tools ask the server for its protocol (`grpc.reflection.v1` and `v1alpha`). */
export function addReflectionService(server: Server): void {
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
  reflection.addToServer(server);
}
