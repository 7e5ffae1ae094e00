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
      '--health-interval <duration>',
      'between health checks of connectors that set none (HEALTH_INTERVAL, default 30s)',
    )
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent (LOG_LEVEL, default info)')
    .option('--log-format <format>', 'pretty or json (LOG_FORMAT, default pretty on a terminal)')
    .option('--otlp-endpoint <url>', 'where to send traces (OTEL_EXPORTER_OTLP_ENDPOINT)')
    .option('--frozen', 'start only with the packages, files and grants that connectors.lock has (plugins.frozen)')
    .action((_options: unknown, command: Command) =>
      context.serve(command.optsWithGlobals<GlobalOptions & StartOptions>()),
    );

  program
    .command('init')
    .description('write config/connectors.yaml with prometheus, grafana and jaeger')
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const file = await context.writeDefaultConfig(rest);
      context.out(json === true ? JSON.stringify({ file }, undefined, 2) : `wrote ${file}`);
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
