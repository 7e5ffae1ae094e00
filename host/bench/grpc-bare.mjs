// The baseline of transports-grpc: a grpc-js server with its default settings that sends the request's bytes back unread.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { answerCpu } from './rest-process.mjs';

const bytes = (value) => value;
const server = new Server();
server.addService(
  {
    echo: {
      path: '/bare.Echo/Echo',
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    },
  },
  { echo: (call, callback) => callback(null, call.request) },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  answerCpu({ address: `127.0.0.1:${port}`, path: '/bare.Echo/Echo' });
});
