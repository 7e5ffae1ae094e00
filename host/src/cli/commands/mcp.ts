import type { Command } from 'commander';
import type { AgentOptions, CliContext, GlobalOptions } from '../cli-context.ts';

/** `automate mcp` */
export function addMcpCommand(program: Command, context: CliContext): void {
  program
    .command('mcp')
    .description('serve connectors to an agent over standard input and output, as the Model Context Protocol has it')
    .option('--expose <pattern...>', 'only these connectors or actions, such as prometheus or "slack/send_*"')
    .option('--read-only', 'only actions that change nothing')
    .action(async (_options: AgentOptions, command: Command) => {
      await context.runAgent(command.optsWithGlobals<GlobalOptions & AgentOptions>());
    });
}
