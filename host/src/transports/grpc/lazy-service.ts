import type {
  sendUnaryData,
  Server,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from '@automate/grpc';

/** A method as far as it must be known before its code is loaded. */
export interface LazyMethod {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly kind: 'unary' | 'server-stream' | 'duplex';
}

/** A service once it is loaded. */
export interface LoadedService {
  readonly definition: ServiceDefinition;
  readonly implementation: Readonly<Record<string, UntypedHandleCall>>;
}

/** A request that came before the code which can read it. */
class RawRequest {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

interface LoadedMethod {
  readonly handle: UntypedHandleCall;
  deserialize(bytes: Buffer): unknown;
  serialize(value: unknown): Buffer;
}

/**
 * Adds methods whose code is loaded with the first call, or by `warmUp`. Reading and writing messages is half of what a gRPC
 * server has to import, and a host has to be ready before it is asked; calls that come meanwhile wait for the import.
 */
export function addLazyMethods(
  server: Server,
  methods: readonly LazyMethod[],
  load: () => Promise<readonly LoadedService[]>,
): { warmUp(): Promise<void> } {
  let loading: Promise<ReadonlyMap<string, LoadedMethod>> | undefined;
  let loaded: ReadonlyMap<string, LoadedMethod> | undefined;
  const start = (): Promise<ReadonlyMap<string, LoadedMethod>> =>
    (loading ??= load().then((services) => (loaded = indexMethods(services))));

  const definition: Record<string, ServiceDefinition[string]> = {};
  const implementation: UntypedServiceImplementation = {};
  for (const { path, kind } of methods) {
    definition[path] = {
      path,
      requestStream: kind === 'duplex',
      responseStream: kind !== 'unary',
      requestSerialize: (value: Buffer) => value,
      requestDeserialize: (bytes) => loaded?.get(path)?.deserialize(bytes) ?? new RawRequest(bytes),
      responseSerialize: (value: unknown) => method(loaded, path).serialize(value),
      responseDeserialize: (bytes) => bytes,
    };
    implementation[path] = lazyHandler(path, kind, { current: () => loaded, start });
  }
  server.addService(definition, implementation);
  return { warmUp: async () => void (await start()) };
}

interface Loading {
  current(): ReadonlyMap<string, LoadedMethod> | undefined;
  start(): Promise<ReadonlyMap<string, LoadedMethod>>;
}

type AnyCall =
  | ServerUnaryCall<unknown, unknown>
  | ServerWritableStream<unknown, unknown>
  | ServerDuplexStream<unknown, unknown>;

function lazyHandler(path: string, kind: LazyMethod['kind'], loading: Loading): UntypedHandleCall {
  return (call: AnyCall, callback?: sendUnaryData<unknown>): void => {
    const run = (methods: ReadonlyMap<string, LoadedMethod>): void => {
      const { handle, deserialize } = method(methods, path);
      if (kind === 'duplex') readLate(call as ServerDuplexStream<unknown, unknown>, deserialize);
      else if ('request' in call && call.request instanceof RawRequest) call.request = deserialize(call.request.bytes);
      (handle as (call: AnyCall, callback?: sendUnaryData<unknown>) => void)(call, callback);
    };
    const present = loading.current();
    if (present !== undefined) return run(present);
    const fail = (error: Error): void => void (callback === undefined ? call.emit('error', error) : callback(error));
    loading.start().then(run, fail);
  };
}

/** Messages of a stream that came before the code was loaded are read when they are handed on. */
function readLate(call: ServerDuplexStream<unknown, unknown>, deserialize: (bytes: Buffer) => unknown): void {
  const on = call.on.bind(call) as (event: string, listener: (value: unknown) => void) => typeof call;
  call.on = ((event: string, listener: (value: unknown) => void) =>
    on(
      event,
      event === 'data' ? (value) => listener(value instanceof RawRequest ? deserialize(value.bytes) : value) : listener,
    )) as typeof call.on;
}

function indexMethods(services: readonly LoadedService[]): ReadonlyMap<string, LoadedMethod> {
  const methods = new Map<string, LoadedMethod>();
  for (const { definition, implementation } of services) {
    for (const [name, { path, requestDeserialize, responseSerialize }] of Object.entries(definition)) {
      // Services may name their handlers as the protocol does or in camel case.
      const handle = implementation[name] ?? implementation[name.charAt(0).toLowerCase() + name.slice(1)];
      if (handle !== undefined)
        methods.set(path, { handle, deserialize: requestDeserialize, serialize: responseSerialize });
    }
  }
  return methods;
}

function method(methods: ReadonlyMap<string, LoadedMethod> | undefined, path: string): LoadedMethod {
  const found = methods?.get(path);
  if (found === undefined) throw new Error(`the gRPC method ${path} was announced and is not there`);
  return found;
}
