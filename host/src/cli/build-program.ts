import { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { addExamples } from './examples.ts';
import { addAuditCommands } from './commands/audit.ts';
import { addBisectCommand } from './commands/bisect.ts';
import { addBlameCommand } from './commands/blame.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addConfigCommands } from './commands/config.ts';
import { addConformanceCommand } from './commands/conformance.ts';
import { addConnectorCommands } from './commands/connectors.ts';
import { addDeclarationCommands } from './commands/declarations.ts';
import { addDevCommand } from './commands/dev.ts';
import { addExecuteCommand } from './commands/execute.ts';
import { addExecutionCommands } from './commands/executions.ts';
import { addHostCommands } from './commands/host.ts';
import { addHostsCommand } from './commands/hosts.ts';
import { addIsolationCommand } from './commands/isolation.ts';
import { addOutcomeCommands } from './commands/outcomes.ts';
import { addMcpCommand } from './commands/mcp.ts';
import { addStatusCommand } from './commands/status.ts';
import { addStoreCommands } from './commands/store.ts';
import { addTokenCommands } from './commands/tokens.ts';
import { addPermissionCommands } from './commands/permissions.ts';
import { addTopCommand } from './commands/top.ts';
import { addLogsCommand } from './commands/logs.ts';
import { addPluginCommands } from './commands/plugins.ts';
import { addProfileCommands } from './commands/profiles.ts';
import { addScheduleCommands } from './commands/schedules.ts';
import { addSecretCommands } from './commands/secrets.ts';

/** The commands of `automate`. Wrong usage throws commander's own error; with `json` commander has printed nothing of it. */
export function buildProgram(context: CliContext, version: string, { json }: { readonly json: boolean }): Command {
  const program = new Command('automate')
    .description('discovers, isolates, supervises and serves connectors')
    .version(version, '-v, --version', 'print the version')
    .option('--json', 'print JSON for programs instead of tables for people')
    .option('--project <dir>', 'the project, whose nearest package.json is its root (default: the working directory)')
    .option('--config <file>', 'the configuration file (CONFIG_PATH, default config/connectors.yaml)')
    .option('--data-dir <dir>', 'where the host keeps its data (DATA_DIR, default .automate in the project)')
    .option(
      '--address <host:port>',
      'gRPC address of a service that runs elsewhere, grpcs:// with TLS (CONNECTORS_SERVICE_ADDR)',
    )
    .configureOutput({
      writeOut: (words) => context.out(words.trimEnd()),
      writeErr: (words) => (json ? undefined : context.err(words.trimEnd())),
    })
    .showHelpAfterError('(add --help for the options)')
    .exitOverride();
  addConfigCommands(program, context);
  addHostCommands(program, context);
  addPluginCommands(program, context);
  addConnectorCommands(program, context);
  addProfileCommands(program, context);
  addSecretCommands(program, context);
  addStoreCommands(program, context);
  addDeclarationCommands(program, context);
  addDevCommand(program, context);
  addExecuteCommand(program, context);
  addExecutionCommands(program, context);
  addScheduleCommands(program, context);
  addMcpCommand(program, context);
  addOutcomeCommands(program, context);
  addAuditCommands(program, context);
  addBlameCommand(program, context);
  addBisectCommand(program, context);
  addTokenCommands(program, context);
  addConformanceCommand(program, context);
  addPermissionCommands(program, context);
  addIsolationCommand(program, context);
  addStatusCommand(program, context);
  addHostsCommand(program, context);
  addTopCommand(program, context);
  addLogsCommand(program, context);
  addCompletionCommand(program, context);
  addExamples(program);
  return program;
}
