import type { Command } from 'commander';

/** What is typed, by command. A command that is not here has its examples beside it. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  bisect: ['bisect', 'bisect --connector slack', 'bisect --json'],
  start: ['start', 'start --without @acme/connector-x', 'start --http-port 8081 --log-format json', 'start --frozen'],
  init: ['init', 'init --project ./connectors'],
  schema: ['schema --out config/connectors.schema.json', 'schema'],
  doctor: ['doctor', 'doctor --json', 'doctor --address grpcs://connectors.example.org:50051'],
  status: ['status', 'status --json'],
  hosts: ['hosts', 'hosts --json', 'hosts drain 6f1c2f0a-7a1f-4b0e-9f35-1d2c3b4a5e6f'],
  logs: ['logs', 'logs slack --level warn --since 1h', 'logs slack --follow', 'logs --json --limit 1000'],
  top: ['top', 'top --sort memory', 'top --once', 'top --json'],
  'plugins list': ['plugins list', 'plugins list --json'],
  'plugins check': ['plugins check'],
  'plugins describe': ['plugins describe prometheus', 'plugins describe slack --json'],
  'plugins add': ['plugins add @automate/connector-slack', 'plugins add @acme/connector-x@1.2.0 --yes'],
  'plugins update': ['plugins update', 'plugins update @acme/connector-x', 'plugins update --installed'],
  'plugins remove': ['plugins remove @acme/connector-x'],
  'plugins rollback': ['plugins rollback @acme/connector-x'],
  'plugins diff': ['plugins diff', 'plugins diff --json'],
  'plugins sign': [
    'plugins sign @acme/connector-x --key signing-key.pem',
    'plugins sign ./connector-x-1.0.0.tgz --key signing-key.pem',
  ],
  'plugins verify': ['plugins verify', 'plugins verify @acme/connector-x'],
  'connectors list': ['connectors list', 'connectors list --type messaging --enabled', 'connectors list --json'],
  'connectors get': ['connectors get prometheus', 'connectors get prometheus --json'],
  'connectors describe': ['connectors describe slack', 'connectors describe slack send_message'],
  'connectors register': [
    "connectors register --input '{ id: second, kind: prometheus, host: metrics.example.org }'",
    'connectors register --input @second.yaml',
  ],
  'connectors update': ['connectors update --input @second.yaml'],
  'connectors remove': ['connectors remove second'],
  'connectors health': [
    'connectors health',
    'connectors health prometheus',
    'connectors health --cached --type observability',
    'connectors health prometheus --history',
  ],
  'connectors test': ['connectors test prometheus'],
  'profiles list': ['profiles list'],
  'profiles set': ['profiles set production --input @production.yaml'],
  'profiles remove': ['profiles remove production'],
  'secrets list': ['secrets list'],
  'secrets set': ['secrets set slack/bot_token', 'secrets set slack/bot_token --file token.txt'],
  'secrets remove': ['secrets remove slack/bot_token', 'secrets remove slack/bot_token --secret-version 2'],
  'secrets rotate-keys': ['secrets rotate-keys'],
  'secrets open-copy': ['secrets open-copy .automate/connectors.db.sealed --to connectors.db'],
  'store migrate': ['store migrate', 'store migrate --from STORE_URL --to .automate'],
  types: ['types', 'types --out connectors.d.ts'],
  docs: ['docs', 'docs --out CONNECTORS.md'],
  dev: ['dev', 'dev ./connector-x'],
  execute: [
    `execute logging log --input '{"message":"hello"}'`,
    'execute prometheus query --input @query.json --timeout 10s',
    'execute slack send_message --input - --idempotency-key order-17',
    'execute reports build --input @report.json --async --run-at 2h --priority 10',
    'execute reports build --input @report.json --async --wait --json',
  ],
  'executions list': [
    'executions list',
    'executions list --connector reports --status queued running',
    'executions list --dead-letters --json',
  ],
  'executions get': [
    'executions get 8d1f7c52-3b0e-4b1e-9a57-0c2f6a1e4d11',
    'executions get 8d1f7c52-3b0e-4b1e-9a57-0c2f6a1e4d11 --json',
  ],
  'executions cancel': ['executions cancel 8d1f7c52-3b0e-4b1e-9a57-0c2f6a1e4d11'],
  'executions watch': ['executions watch 8d1f7c52-3b0e-4b1e-9a57-0c2f6a1e4d11'],
  'executions rerun': [
    'executions rerun 8d1f7c52-3b0e-4b1e-9a57-0c2f6a1e4d11',
    'executions rerun 8d1f7c52-3b0e-4b1e-9a57-0c2f6a1e4d11 --wait',
  ],
  'schedules list': ['schedules list', 'schedules list --json'],
  'schedules set': [
    `schedules set nightly reports build --cron "0 3 * * *" --time-zone Europe/Berlin`,
    `schedules set hourly reports build --cron "0 * * * *" --input @report.json --priority -10`,
  ],
  'schedules pause': ['schedules pause nightly'],
  'schedules resume': ['schedules resume nightly'],
  'schedules remove': ['schedules remove nightly'],
  mcp: ['mcp', 'mcp --read-only --expose prometheus', 'mcp --address grpcs://connectors.example.org:50051'],
  'outcomes get': ['outcomes get slack order-17'],
  'outcomes clear': ['outcomes clear slack order-17'],
  'audit list': [
    'audit list',
    'audit list --since 2026-01-31 --principal ci',
    'audit list --connector slack --limit 200',
  ],
  'audit export': ['audit export --since 2026-01-31 --json'],
  'audit verify': ['audit verify', 'audit verify --file copies/audit.db'],
  blame: ['blame', 'blame --json'],
  'tokens create': [
    'tokens create ci --scope read execute:slack --expires 90d',
    'tokens create operator --scope admin',
  ],
  'tokens list': ['tokens list'],
  'tokens revoke': ['tokens revoke 4f7a2c'],
  conformance: ['conformance @acme/connector-x', 'conformance . --badge conformance.svg', 'conformance . --against'],
  'permissions learn': ['permissions learn .', 'permissions learn . --write', 'permissions learn . -- npx vitest run'],
  isolation: ['isolation --run --quick', 'isolation --run --levels process restricted --json'],
  completion: ['completion bash', 'completion zsh', 'completion fish'],
};

/** Adds examples to the help of every command, and to that of a group those of what is in it. */
export function addExamples(program: Command): void {
  for (const command of program.commands) addTo(command, [command.name()]);
  program.addHelpText(
    'after',
    describe(['start', 'status', 'connectors list', `execute logging log --input '{"message":"hello"}'`]),
  );
}

function addTo(command: Command, path: readonly string[]): readonly string[] {
  const below = command.commands.flatMap((each) => addTo(each, [...path, each.name()]).slice(0, 1));
  const examples = EXAMPLES[path.join(' ')] ?? below;
  if (examples.length > 0) command.addHelpText('after', describe(examples));
  return examples;
}

function describe(examples: readonly string[]): string {
  return [`\n${examples.length === 1 ? 'Example' : 'Examples'}:`, ...examples.map((each) => `  automate ${each}`)].join(
    '\n',
  );
}
