// The host of transports-grpc, in a process of its own: the project's directory is its only argument.
import { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import { openHost } from './bench-project.mjs';
import { answerCpu } from './rest-process.mjs';

const host = await openHost(process.argv[2], { serve: true });
answerCpu({ address: host.grpcAddress, path: CONNECTORS_SERVICE.executeAction.path });
