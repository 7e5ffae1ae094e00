import type { DescFile, DescMessage, DescMethod, DescService, MessageShape } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { MethodDefinition } from '@automate/grpc';
import { ConnectorsService } from '../gen/connectors/connectors_pb.ts';
import { file_google_rpc_error_details } from '../gen/google/rpc/error_details_pb.ts';
import { Health } from '../gen/grpc/health/v1/health_pb.ts';
import { ServerReflection } from '../gen/grpc/reflection/v1/reflection_pb.ts';
import { decodeMessage, define, encodeMessage } from './service-definition.ts';

/** A request that cannot be read is refused by the library: these services have no details to add. */
function defineStandard<Input extends DescMessage, Output extends DescMessage>(
  method: DescMethod & { readonly input: Input; readonly output: Output },
): MethodDefinition<MessageShape<Input>, MessageShape<Output>> {
  return { ...define(method), requestDeserialize: (bytes) => decodeMessage(method.input, bytes) };
}

/** `grpc.health.v1` */
export const HEALTH_SERVICE = {
  check: defineStandard(Health.method.check),
  list: defineStandard(Health.method.list),
  watch: defineStandard(Health.method.watch),
} as const;

/** `grpc.reflection.v1` */
export const REFLECTION_SERVICE = {
  serverReflectionInfo: defineStandard(ServerReflection.method.serverReflectionInfo),
};

/** The services that reflection tells of. */
export const REFLECTED_SERVICES: readonly DescService[] = [ConnectorsService, Health];

/** The files that hold them and, so that tools can show them, the details of errors. */
export const REFLECTED_FILES: readonly DescFile[] = [
  ...REFLECTED_SERVICES.map(({ file }) => file),
  file_google_rpc_error_details,
];

/** A file as reflection hands it out. */
export function encodeFile(file: DescFile): Buffer {
  return encodeMessage(FileDescriptorProtoSchema, file.proto);
}
