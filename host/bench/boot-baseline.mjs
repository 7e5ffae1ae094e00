// The least that a server of gRPC and REST has to do: import both and listen. With the compile cache, as the host has it.
import { enableCompileCache } from 'node:module';

enableCompileCache();
const { Server, ServerCredentials } = await import('@grpc/grpc-js');
const { fastify } = await import('fastify');

const grpc = new Server();
await new Promise((resolve, reject) => {
  grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
    error === null ? resolve(port) : reject(error),
  );
});
const rest = fastify();
await rest.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write('ready\n');
process.on('SIGTERM', () => process.exit(0));
