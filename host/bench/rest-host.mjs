// The host of transports-rest, in a process of its own: the project's directory is its only argument.
import { openHost } from './bench-project.mjs';
import { answerCpu } from './rest-process.mjs';

const host = await openHost(process.argv[2], { serve: true });
answerCpu({ url: `${host.httpAddress}/api/v1/connectors/echo/actions/echo` });
