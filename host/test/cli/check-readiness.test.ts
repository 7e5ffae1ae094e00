import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { checkReadiness } from '../../src/cli/doctor/check-service.ts';

it.each([
  [200, '{"status":"ready"}', { state: 'ok', message: expect.stringMatching(/^serves at http:/) }],
  [
    503,
    '{"detail":"the host is behind with its work"}',
    { state: 'failed', message: 'the host is behind with its work' },
  ],
  [500, '{}', { state: 'failed', message: 'answers 500' }],
  [502, 'a gateway', { state: 'failed', message: expect.stringMatching(/^http:\S+ does not answer: /) }],
])(
  'a host that answers %i and %j when it is asked whether it is ready is told of as that',
  async (status, body, found) => {
    const server = createServer((_request, response) => void response.writeHead(status).end(body)).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await checkReadiness(`http://127.0.0.1:${port}`)).toMatchObject({ check: 'host', ...found });
    server.close();
  },
);
