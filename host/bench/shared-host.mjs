// A host of forwarded and executions over many hosts, in a process of its own: the project's directory and, as JSON, its environment
// are its arguments.
import { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import { openHost } from './bench-project.mjs';
import { answerCpu } from './rest-process.mjs';

const [, , root, environment] = process.argv;
const host = await openHost(root, { serve: true, env: JSON.parse(environment) });
answerCpu({ address: host.grpcAddress, url: host.httpAddress, path: CONNECTORS_SERVICE.executeAction.path });
