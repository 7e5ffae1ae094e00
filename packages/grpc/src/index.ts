// In this repository the names come from grpc-js itself; what is published is `bundle.mjs`'s one file.
export { Client, credentials, Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
export type {
  ChannelCredentials,
  ChannelOptions,
  ClientReadableStream,
  handleServerStreamingCall,
  handleUnaryCall,
  MethodDefinition,
  sendUnaryData,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  ServiceError,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
