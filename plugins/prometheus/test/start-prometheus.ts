import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const rulesOf = (server: string): string => `
groups:
  - name: identity
    rules:
      - { record: server_name, expr: vector(1), labels: { server: ${server} } }
  - name: example
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
      - alert: AlwaysOn
        expr: vector(1)
        labels: { severity: page }
        annotations: { summary: it is on }
      - alert: Later
        expr: vector(1)
        for: 1h
`;

/** `correct horse`, hashed with bcrypt at its lowest cost. */
const PASSWORD_HASH = '$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e';

export interface PrometheusServer {
  readonly url: string;
  /** Ends the process and waits for it. */
  stop(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
}

/** A Prometheus of its own that scrapes itself each second, on a free port and a temporary folder. */
export async function startPrometheus(options: {
  readonly job: string;
  readonly password?: boolean;
}): Promise<PrometheusServer> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const port = await freePort();
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yml'],
    scrape_configs: [
      {
        job_name: options.job,
        static_configs: [{ targets: [`127.0.0.1:${port}`] }],
        ...(options.password === true ? { basic_auth: { username: 'ann', password: 'correct horse' } } : {}),
      },
      {
        job_name: 'dropped',
        static_configs: [{ targets: ['127.0.0.1:1'] }],
        relabel_configs: [{ action: 'drop', source_labels: ['__address__'], regex: '.*' }],
      },
    ],
  };
  // YAML takes JSON as it is.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  writeFileSync(join(folder, 'rules.yml'), rulesOf(options.job));
  writeFileSync(join(folder, 'web.yml'), JSON.stringify({ basic_auth_users: { ann: PASSWORD_HASH } }));
  const args = [
    '--config.file=prometheus.yml',
    '--storage.tsdb.path=data',
    `--web.listen-address=127.0.0.1:${port}`,
    ...(options.password === true ? ['--web.config.file=web.yml'] : []),
  ];
  const url = `http://127.0.0.1:${port}`;
  let stop = async (): Promise<void> => {};
  const start = async (): Promise<void> => {
    const child = spawn('prometheus', args, { cwd: folder, stdio: 'ignore' });
    const ended = once(child, 'exit');
    stop = async () => {
      child.kill('SIGTERM');
      await ended;
    };
    await untilReady(url, () => child.exitCode);
  };
  await start();
  return {
    url,
    stop: () => stop(),
    restart: start,
    async close() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilReady(url: string, exitCode: () => number | null): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (exitCode() !== null) throw new Error(`prometheus ended with code ${exitCode()}`);
    const status = await fetch(`${url}/-/ready`).then(
      (response) => response.status,
      () => 0,
    );
    // 401: it is there and asks for a password.
    if (status === 200 || status === 401) return;
    await sleep(100);
  }
  throw new Error('prometheus did not become ready in 20 seconds');
}

/** Asks again until the answer is as wanted: scrapes and rules take a second or two. */
export async function eventually<T>(ask: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const value = await ask();
    if (wanted(value) || attempt >= 100) return value;
    await sleep(200);
  }
}
