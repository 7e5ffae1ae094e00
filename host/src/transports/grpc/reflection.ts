import {
  encodeFile,
  REFLECTED_FILES,
  REFLECTED_SERVICES,
  REFLECTION_SERVICE,
  ServerReflectionResponseSchema,
} from '@automate/contract/grpc';
import type { ServerReflectionRequest, ServerReflectionResponse } from '@automate/contract/grpc';
import type { ServerDuplexStream } from '@automate/grpc';
import { create } from '@bufbuild/protobuf';
import type { DescEnum, DescExtension, DescFile, DescMessage, DescService, MessageInitShape } from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import type { SignIn } from '../sign-in.ts';
import { admittedOf } from '../sign-in.ts';
import { answerError } from './answer-errors.ts';
import { streamOf } from './call-options.ts';
import type { LoadedService } from './lazy-service.ts';
import type { GrpcLogger } from './logger.ts';

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']>;

const NOT_FOUND = 5;
const UNIMPLEMENTED = 12;

/** What lets tools ask the server for its protocol (`grpc.reflection.v1`, and `v1alpha` with the same messages). */
export function createReflectionServices(options: {
  readonly signIn: SignIn;
  readonly logger: GrpcLogger;
}): readonly LoadedService[] {
  const { serverReflectionInfo: v1 } = REFLECTION_SERVICE;
  const implementation = { serverReflectionInfo: (call: ReflectionCall) => answerAll(call, options) };
  return [v1, { ...v1, path: v1.path.replace('.v1.', '.v1alpha.') }].map((serverReflectionInfo) => ({
    definition: { serverReflectionInfo },
    implementation,
  }));
}

type ReflectionCall = ServerDuplexStream<ServerReflectionRequest, ServerReflectionResponse>;

function answerAll(
  call: ReflectionCall,
  { signIn, logger }: { readonly signIn: SignIn; readonly logger: GrpcLogger },
): void {
  const admitted = admittedOf(streamOf(call));
  call.on('data', (request: ServerReflectionRequest) => {
    try {
      // Each time anew: the stream may outlast the token that opened it.
      if (admitted !== undefined) signIn.requireRead(admitted.principal, { door: admitted.door, what: 'reflection' });
    } catch (error) {
      call.emit('error', answerError(error, { method: 'ServerReflectionInfo', metadata: call.metadata, logger }));
      return;
    }
    const messageResponse = answerReflection(request.messageRequest);
    const response = { validHost: request.host, originalRequest: request, messageResponse };
    call.write(create(ServerReflectionResponseSchema, response));
  });
  call.on('end', () => call.end());
}

function answerReflection(asked: ServerReflectionRequest['messageRequest']): Answer {
  switch (asked.case) {
    case 'listServices':
      return {
        case: 'listServicesResponse',
        value: { service: REFLECTED_SERVICES.map(({ typeName }) => ({ name: typeName })) },
      };
    case 'fileByFilename':
      return fileAnswer(
        withImports(REFLECTED_FILES).find(({ proto }) => proto.name === asked.value),
        `Proto file not found: ${asked.value}`,
      );
    case 'fileContainingSymbol':
      return fileAnswer(fileOfSymbol(asked.value), `Symbol not found: ${asked.value}`);
    case 'fileContainingExtension':
      return failure(NOT_FOUND, `Extension not found for symbol ${asked.value.containingType}`);
    case 'allExtensionNumbersOfType':
      return failure(NOT_FOUND, `Extensions not found for symbol ${asked.value}`);
    default:
      return failure(UNIMPLEMENTED, 'This request of reflection is not known');
  }
}

/** The file and all that it imports, so that a tool need not ask again for each. */
function fileAnswer(file: DescFile | undefined, otherwise: string): Answer {
  if (file === undefined) return failure(NOT_FOUND, otherwise);
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: withImports([file]).map(encodeFile) } };
}

function withImports(files: readonly DescFile[]): readonly DescFile[] {
  const found = new Set<DescFile>();
  const add = (file: DescFile): void => {
    found.add(file);
    file.dependencies.forEach(add);
  };
  files.forEach(add);
  return [...found];
}

function fileOfSymbol(symbol: string): DescFile | undefined {
  return withImports(REFLECTED_FILES).find((file) => symbolsOf(file).includes(symbol));
}

/** The full names of all that a file declares. By the rules of protobuf the values of an enum are named beside it, not below it. */
function symbolsOf(file: DescFile): readonly string[] {
  return [...nestedTypes(file)].flatMap((type) => [type.typeName, ...partsOf(type)]);
}

function partsOf(type: DescMessage | DescEnum | DescExtension | DescService): readonly string[] {
  const within = (parts: readonly { readonly name: string }[], scope = type.typeName) =>
    parts.map(({ name }) => `${scope}.${name}`);
  switch (type.kind) {
    case 'message':
      return within([...type.fields, ...type.oneofs]);
    case 'service':
      return within(type.methods);
    case 'enum':
      return within(type.values, type.typeName.slice(0, type.typeName.lastIndexOf('.')));
    default:
      return [];
  }
}

function failure(errorCode: number, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
