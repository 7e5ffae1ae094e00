import type { Command } from 'commander';
import type { CliContext, GlobalOptions, StartOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';

const MARKS = { ok: ['green', 'ok     '], warning: ['yellow', 'warning'], failed: ['red', 'failed '] } as const;

/** `automate start`, `init` and `doctor` */
export function addHostCommands(program: Command, context: CliContext): void {
  program
    .command('start')
    .description('start the host and serve until interrupted')
    .option('--grpc-port <port>', 'port of gRPC, 0 for a free one (GRPC_PORT, default 50051)')
    .option('--http-port <port>', 'port of REST, 0 for a free one (HTTP_PORT, default 8080)')
    .option(
      '--bind-address <address>',
      'address to listen on; one that others can reach needs a token or TLS_CLIENT_CA_FILE, and TLS (BIND_ADDRESS, default 127.0.0.1)',
    )
    .option(
      '--advertise <address>',
      "where other hosts that share the store reach gRPC (ADVERTISE_ADDRESS, default this machine's name and the port)",
    )
    .option(
      '--health-interval <duration>',
      'between health checks of connectors that set none (HEALTH_INTERVAL, default 30s)',
    )
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent (LOG_LEVEL, default info)')
    .option('--log-format <format>', 'pretty or json (LOG_FORMAT, default pretty on a terminal)')
    .option('--otlp-endpoint <url>', 'where to send traces, metrics and the log (OTEL_EXPORTER_OTLP_ENDPOINT)')
    .option('--without <packages...>', 'start without these packages, as plugins.deny does for good')
    .option('--frozen', 'start only with the packages, files and grants that connectors.lock has (plugins.frozen)')
    .action((_options: unknown, command: Command) =>
      context.serve(command.optsWithGlobals<GlobalOptions & StartOptions>()),
    );

  program
    .command('init')
    .description(
      'write config/connectors.yaml with an entry for each kind that is installed, and its schema for editors',
    )
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const { file, left } = await context.writeDefaultConfig(rest);
      context.out(json === true ? JSON.stringify({ file, left }, undefined, 2) : `wrote ${file}`);
      for (const reason of left) context.err(`${context.styleError('yellow', 'warning')}: ${reason}`);
    });

  program
    .command('schema')
    .description(
      'write the JSON Schema of connectors.yaml for editors, with the settings of the kinds that are installed',
    )
    .option('--out <file>', 'where to, such as config/connectors.schema.json (default: standard output)')
    .action(async (_options: unknown, command: Command) => {
      const { json, out, ...rest } = command.optsWithGlobals<GlobalOptions & { readonly out?: string }>();
      const { text, kinds, left } = await context.writeSchema(rest);
      if (out !== undefined) await context.writeFile(out, text);
      if (json === true && out !== undefined) context.out(JSON.stringify({ file: out, kinds, left }, undefined, 2));
      else context.out(out === undefined ? text.trimEnd() : `wrote ${out}: ${kinds.length} kinds`);
      for (const reason of left) context.err(`${context.styleError('yellow', 'warning')}: ${reason}`);
      if (left.length > 0) throw new CliExit(EXIT.failed, `the settings of ${left.length} kinds are not known`);
    });

  program
    .command('doctor')
    .description('check everything that a host needs, one line and one remedy each; ends with 1 where something failed')
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const diagnoses = await context.diagnose(rest);
      if (json === true) context.out(JSON.stringify({ checks: diagnoses }, undefined, 2));
      else
        for (const { check, state, message, remedy } of diagnoses) {
          const [colour, mark] = MARKS[state];
          context.out(
            `${context.style(colour, mark)}  ${check}: ${message}${remedy === undefined ? '' : `; ${remedy}`}`,
          );
        }
      const failed = diagnoses.filter((diagnosis) => diagnosis.state === 'failed').length;
      if (failed > 0) throw new CliExit(EXIT.failed, `${failed} of ${diagnoses.length} checks failed`);
    });
}
