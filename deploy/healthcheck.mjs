// Ends with 0 where the host that runs on this DATA_DIR is alive. What it serves with is looked up, not guessed; its certificate is not
// judged here, as only whether it answers is asked.
import { readFileSync } from 'node:fs';
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { join } from 'node:path';

const { http } = JSON.parse(readFileSync(join(process.env.DATA_DIR ?? '.automate', 'host.json'), 'utf8'));
const url = new URL('/health/live', http.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:'));
const get = url.protocol === 'https:' ? getHttps : getHttp;
get(url, { rejectUnauthorized: false, timeout: 3_000, headers: { host: 'localhost' } }, (answer) => {
  process.exit(answer.statusCode === 200 ? 0 : 1);
})
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1));
