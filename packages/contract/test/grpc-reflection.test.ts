import { expect, it } from '@jest/globals';
import { create, createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import type { DescFile } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { CONNECTORS_SERVICE, encodeFile, REFLECTED_FILES } from '../src/grpc/index.ts';

it('the files for reflection hold the services, the details of errors, and all that they import', () => {
  const withImports = (file: DescFile): readonly DescFile[] => [...file.dependencies.flatMap(withImports), file];
  const files = new Set(REFLECTED_FILES.flatMap(withImports));
  const file = [...files].map((each) => fromBinary(FileDescriptorProtoSchema, encodeFile(each)));
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
  expect(registry.getService('connectors.ConnectorsService')?.methods.length).toBe(
    Object.keys(CONNECTORS_SERVICE).length,
  );
  expect(registry.getService('connectors.ConnectorsService')?.methods.length).toBeGreaterThan(12);
  expect(registry.getService('grpc.health.v1.Health')?.methods).toHaveLength(3);
  expect(registry.getMessage('google.rpc.ErrorInfo')).toBeDefined();
  expect(registry.getMessage('google.protobuf.Struct')).toBeDefined();
});
