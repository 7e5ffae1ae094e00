// The other baseline of transports-grpc: what one would write by hand for one action, in one thread, with no host: a grpc-js
// service of the same protocol that parses the payload and encodes the result.
import { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import { create } from '@bufbuild/protobuf';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { answerCpu } from './rest-process.mjs';

const { executeAction } = CONNECTORS_SERVICE;

function execute({ request: { payload } }, callback) {
  const value = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString());
  const result = Buffer.from(JSON.stringify(value));
  callback(null, create(executeAction.output, { result, attempts: 1, durationMs: 1n }));
}

const server = new Server();
server.addService({ executeAction }, { executeAction: execute });
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  answerCpu({ address: `127.0.0.1:${port}`, path: executeAction.path });
});
