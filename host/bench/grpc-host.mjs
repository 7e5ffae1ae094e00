// The host of transports-grpc and access, in a process of its own: the project's directory is its argument; with `token` callers have to sign in.
import { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import { openHost } from './bench-project.mjs';
import { answerCpu } from './rest-process.mjs';

const host = await openHost(process.argv[2], { serve: true });
const created = process.argv.includes('token')
  ? await host.service.createToken({ name: 'bench', scopes: ['execute:echo'], expiresInMs: 86_400_000 })
  : undefined;
answerCpu({
  address: host.grpcAddress,
  path: CONNECTORS_SERVICE.executeAction.path,
  ...(created === undefined ? {} : { authorization: `Bearer ${created.token}` }),
});
