import { expect, it } from '@jest/globals';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { create } from '@bufbuild/protobuf';
import { fileDescriptors } from '../src/grpc/index.ts';

it('the descriptors for reflection hold the service, the details of errors, and all that they import', () => {
  const file = fileDescriptors().map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
  expect(registry.getService('connectors.ConnectorsService')?.methods).toHaveLength(13);
  expect(registry.getMessage('google.rpc.ErrorInfo')).toBeDefined();
  expect(registry.getMessage('google.protobuf.Struct')).toBeDefined();
});
