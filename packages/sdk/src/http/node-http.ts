import type * as Http from 'node:http';
import type * as Https from 'node:https';
import { createRequire } from 'node:module';

// By `require`, since an import reads every export of a module: that of `node:http` holds WebSocket, which is only loaded
// when it is looked at, and brings all of Node's other HTTP client along. It would double what a first request costs.
const require = createRequire(import.meta.url);

export const http = require('node:http') as typeof Http;
export const https = require('node:https') as typeof Https;
