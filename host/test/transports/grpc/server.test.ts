import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@automate/client';
import { ConnectorError } from '@automate/contract';
import { REFLECTION_SERVICE } from '@automate/contract/grpc';
import type { ServerReflectionResponse } from '@automate/contract/grpc';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { service as healthDefinition } from 'grpc-health-check';
import { startGrpcServer } from '../../../src/transports/grpc/server.ts';
import { MemoryService } from '../fixtures/memory-service.ts';
import { openGrpc } from './fixtures/open-grpc.ts';
import { ROOT, runProgram } from './fixtures/run-program.ts';

const silent = { debug: () => {}, warn: () => {}, error: () => {} };

interface HealthAnswer {
  readonly status: string;
}

/** Asks the standard health service with its own definition. */
function checkHealth(client: Client, service = ''): Promise<string> {
  const { path, requestSerialize, responseDeserialize } = healthDefinition['Check']!;
  return new Promise((resolve, reject) => {
    const settle = (error: unknown, answer?: object) =>
      answer === undefined ? reject(error as Error) : resolve((answer as HealthAnswer).status);
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, settle);
  });
}

describe('listening', () => {
  it('on port 0 takes a free one and says which', async () => {
    await using grpc = await openGrpc();
    expect(grpc.server.port).toBeGreaterThan(0);
    expect(grpc.server.address).toBe(`127.0.0.1:${grpc.server.port}`);
  });

  it('on IPv6 gives an address with brackets that can be called', async () => {
    await using service = new MemoryService([{ id: 'echo' }]);
    const server = await startGrpcServer({ service, host: '::1', port: 0, logger: silent });
    expect(server.address).toBe(`[::1]:${server.port}`);
    const client = await connect({ address: server.address });
    await expect(client.list()).resolves.toHaveLength(1);
    await client.close();
    await server.close();
  });

  it('on a port that is taken fails and says what to do', async () => {
    await using grpc = await openGrpc();
    const { port } = grpc.server;
    const second = startGrpcServer({ service: grpc.service, host: '127.0.0.1', port, logger: silent });
    const error: unknown = await second.catch((reason: unknown) => reason);
    expect(ConnectorError.is(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${port}.*another program.*GRPC_PORT`)),
      details: { reason: 'address_in_use' },
    });
  });

  it('on an address of another machine fails and says so', async () => {
    const service = new MemoryService();
    const elsewhere = startGrpcServer({ service, host: '192.0.2.1', port: 0, logger: silent });
    await expect(elsewhere).rejects.toMatchObject({ details: { reason: 'cannot_listen' } });
  });
});

describe('the standard health service', () => {
  it('follows setServing, for the server and for the connectors service', async () => {
    await using grpc = await openGrpc();
    expect(await checkHealth(grpc.raw)).toBe('SERVING');
    grpc.server.setServing(false);
    expect(await checkHealth(grpc.raw)).toBe('NOT_SERVING');
    expect(await checkHealth(grpc.raw, 'connectors.ConnectorsService')).toBe('NOT_SERVING');
    grpc.server.setServing(true);
    expect(await checkHealth(grpc.raw, 'connectors.ConnectorsService')).toBe('SERVING');
  });

  it('does not know other services', async () => {
    await using grpc = await openGrpc();
    await expect(checkHealth(grpc.raw, 'other.Service')).rejects.toMatchObject({ code: 5 });
  });

  it('can begin with not serving', async () => {
    await using service = new MemoryService();
    const server = await startGrpcServer({ service, host: '127.0.0.1', port: 0, logger: silent, serving: false });
    const client = new Client(server.address, credentials.createInsecure());
    expect(await checkHealth(client)).toBe('NOT_SERVING');
    client.close();
    await server.close();
  });

  it('tells those who watch a service that it does not know', async () => {
    await using grpc = await openGrpc();
    const { path, requestSerialize, responseDeserialize } = healthDefinition['Watch']!;
    const request = { service: 'other.Service' };
    const stream = grpc.raw.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
    stream.on('error', () => {});
    const [answer] = (await once(stream, 'data')) as [HealthAnswer];
    expect(answer.status).toBe('SERVICE_UNKNOWN');
    stream.cancel();
  });

  it('tells those who watch, and lets them go when the server closes', async () => {
    await using grpc = await openGrpc();
    const { path, requestSerialize, responseDeserialize } = healthDefinition['Watch']!;
    const stream = grpc.raw.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { service: '' },
      new Metadata(),
    );
    const statuses: string[] = [];
    stream.on('data', (answer: HealthAnswer) => statuses.push(answer.status));
    stream.on('error', () => {});
    await once(stream, 'metadata');
    while (statuses.length === 0) await sleep(5);
    const ended = once(stream, 'status');
    await grpc.server.close({ drainMs: 20_000 });
    await ended;
    expect(statuses).toEqual(['SERVING', 'NOT_SERVING']);
  });
});

/** What the server's reflection gives for a symbol: the names of the files, or the code of its refusal. */
function askReflection(client: Client, symbol: string): Promise<readonly string[] | number> {
  const { path, requestSerialize, responseDeserialize } = REFLECTION_SERVICE.serverReflectionInfo;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const answered = new Promise<readonly string[] | number>((resolve, reject) => {
    stream.once('error', reject);
    stream.once('data', ({ messageResponse }: ServerReflectionResponse) => {
      if (messageResponse.case === 'fileDescriptorResponse')
        resolve(
          messageResponse.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name),
        );
      else if (messageResponse.case === 'errorResponse') resolve(messageResponse.value.errorCode);
      else reject(new Error(`an answer of another kind: ${messageResponse.case}`));
    });
  });
  const messageRequest = { case: 'fileContainingSymbol', value: symbol } as const;
  stream.write({ $typeName: 'grpc.reflection.v1.ServerReflectionRequest', host: '', messageRequest });
  stream.end();
  return answered;
}

describe('reflection', () => {
  const PROTOCOL = 'connectors/connectors.proto';

  it.each([
    ['a service', 'connectors.ConnectorsService'],
    ['a method', 'connectors.ConnectorsService.ListConnectors'],
    ['a message', 'connectors.ConnectorConfig'],
    ['a field', 'connectors.ConnectorConfig.base_path'],
    ['an enum', 'connectors.ConnectionMode'],
    // Values of an enum stand beside it, not in it.
    ['a value of an enum', 'connectors.CONNECTION_MODE_LOCAL'],
  ])('finds the file of %s', async (_what, symbol) => {
    await using grpc = await openGrpc();
    expect(await askReflection(grpc.raw, symbol)).toContain(PROTOCOL);
  });

  it.each([
    ['a method that the service does not have', 'connectors.ConnectorsService.Nothing'],
    ['a field that the message does not have', 'connectors.ConnectorConfig.nothing'],
    ['a name in a field', 'connectors.ConnectorConfig.base_path.nothing'],
    ['a name without a package', 'Nothing'],
    ['no name', ''],
  ])('does not know %s', async (_what, symbol) => {
    await using grpc = await openGrpc();
    expect(await askReflection(grpc.raw, symbol)).toBe(status.NOT_FOUND);
  });
});

describe('closing', () => {
  it('lets calls in flight end, and takes no new ones', async () => {
    await using grpc = await openGrpc();
    const slow = grpc.client.execute({ id: 'echo', action: 'wait', payload: { ms: 400 } });
    while (grpc.service.calls.length === 0) await sleep(5);
    const closed = grpc.server.close({ drainMs: 20_000 });
    await sleep(50);
    await expect(grpc.client.list()).rejects.toMatchObject({
      code: expect.stringMatching(/UNAVAILABLE|TRANSIENT_NETWORK/),
    });
    await expect(slow).resolves.toMatchObject({ result: { waited: 400 } });
    await closed;
    expect(grpc.log).toEqual([]);
  });

  it('cuts off calls that do not end in time, and says so in the log', async () => {
    await using grpc = await openGrpc();
    const endless = grpc.client.execute({ id: 'echo', action: 'wait', payload: { ms: 60_000 } });
    const cut = expect(endless).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'maybe',
      details: { reason: 'connection_lost' },
    });
    while (grpc.service.calls.length === 0) await sleep(5);
    await grpc.server.close({ drainMs: 50 });
    await cut;
    expect(grpc.log).toMatchObject([{ level: 'warn', message: expect.stringContaining('cut off') }]);
    while (grpc.service.calls[0]?.options.signal?.aborted !== true) await sleep(5);
  });

  it('ends watches in good order', async () => {
    await using grpc = await openGrpc();
    const kinds: string[] = [];
    const following = (async () => {
      for await (const event of grpc.client.watch()) kinds.push(event.kind);
    })();
    while (!kinds.includes('synced')) await sleep(5);
    await grpc.server.close({ drainMs: 20_000 });
    await following;
    expect(kinds).toEqual(['added', 'synced']);
    expect(grpc.service.watchers.count).toBe(0);
  });

  it('can be asked for twice', async () => {
    await using grpc = await openGrpc();
    await Promise.all([grpc.server.close(), grpc.server.close()]);
    await grpc.server.close({ drainMs: 1 });
  });
});

describe('tools that know gRPC, and not us', () => {
  const curl = (address: string, method: string, args: readonly string[]) =>
    runProgram('buf', [
      'curl',
      '--protocol',
      'grpc',
      '--http2-prior-knowledge',
      ...args,
      `http://${address}/${method}`,
    ]);

  it.each([
    ['with the protocol’s files', ['--schema', `${ROOT}packages/contract/proto`]],
    ['with reflection', ['--reflect']],
    ['with reflection, first version', ['--reflect', '--reflect-protocol', 'grpc-v1alpha']],
  ])('call it %s', async (_, schema) => {
    await using grpc = await openGrpc([{ id: 'echo', tags: ['x'] }]);
    const { address } = grpc.server;
    const list = await curl(address, 'connectors.ConnectorsService/ListConnectors', schema);
    expect(list).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(list.stdout)).toMatchObject({ connectors: [{ id: 'echo', kind: 'echo', owner: 'file' }] });
    const filter = ['--data', '{"type":"CONNECTOR_TYPE_MESSAGING","tag":"y"}'];
    const none = await curl(address, 'connectors.ConnectorsService/ListConnectors', [...schema, ...filter]);
    expect(JSON.parse(none.stdout)).toEqual({});
    const payload = Buffer.from('{"a":1}').toString('base64');
    const data = ['--data', JSON.stringify({ id: 'echo', action: 'echo', payload })];
    const executed = await curl(address, 'connectors.ConnectorsService/ExecuteAction', [...schema, ...data]);
    expect(JSON.parse(executed.stdout)).toMatchObject({ result: payload, attempts: 1 });
  });

  it('see the details of errors', async () => {
    await using grpc = await openGrpc();
    const data = ['--reflect', '--data', '{"config":{"id":"x","kind":"nobody"}}'];
    const failed = await curl(grpc.server.address, 'connectors.ConnectorsService/RegisterConnector', data);
    expect(failed.status).not.toBe(0);
    expect(failed.stderr).toContain('invalid_argument');
    const { details } = JSON.parse(failed.stderr) as { details: readonly { type: string; value: string }[] };
    expect(details.map(({ type }) => type)).toEqual(['google.rpc.ErrorInfo', 'google.rpc.BadRequest']);
    expect(Buffer.from(details[0]!.value, 'base64').toString()).toContain('automate.connectors');
  });

  it('learn by reflection which services there are', async () => {
    await using grpc = await openGrpc();
    const url = `http://${grpc.server.address}`;
    const listed = await runProgram('buf', [
      'curl',
      '--protocol',
      'grpc',
      '--http2-prior-knowledge',
      '--list-services',
      url,
    ]);
    expect(listed.stdout.trim().split('\n').toSorted()).toEqual([
      'connectors.ConnectorsService',
      'grpc.health.v1.Health',
    ]);
  });
});
