import { answers } from '@automate/tooling/start-program';
import type { RunningServer } from './start-server.ts';
import { startServer } from './start-server.ts';

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

/** A Prometheus of its own that scrapes itself each second, on a free port and a temporary folder. */
export function startPrometheus(options: {
  readonly job: string;
  readonly password?: boolean;
}): Promise<RunningServer> {
  const configOf = (port: number): object => ({
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
  });
  return startServer({
    command: 'prometheus',
    setUp(place) {
      // YAML takes JSON as it is.
      place.write('prometheus.yml', JSON.stringify(configOf(place.port)));
      place.write('rules.yml', rulesOf(options.job));
      place.write('web.yml', JSON.stringify({ basic_auth_users: { ann: PASSWORD_HASH } }));
      return [
        '--config.file=prometheus.yml',
        '--storage.tsdb.path=data',
        `--web.listen-address=127.0.0.1:${place.port}`,
        ...(options.password === true ? ['--web.config.file=web.yml'] : []),
      ];
    },
    isReady: answers('/-/ready'),
  });
}
