import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import type { DescribedConnector } from '../declarations/described.ts';
import { describeAll } from '../declarations/described.ts';
import { writeDeclarations } from '../declarations/write-declarations.ts';
import { writeMarkdown } from '../declarations/write-markdown.ts';

interface WriteOptions extends GlobalOptions {
  readonly out?: string;
}

/** `automate types` and `docs` */
export function addDeclarationCommands(program: Command, context: CliContext): void {
  const add = (
    name: string,
    about: { readonly description: string; readonly out: string },
    write: (connectors: readonly DescribedConnector[]) => string,
  ): void => {
    program
      .command(name)
      .description(about.description)
      .option('--out <file>', about.out)
      .action(async (_options: unknown, command: Command) => {
        const { json, out, ...rest } = command.optsWithGlobals<WriteOptions>();
        const { connectors, left } = await context.withService(rest, 'describing connectors', describeAll);
        const text = write(connectors);
        if (out !== undefined) await context.writeFile(out, text);
        const ids = connectors.map(({ id }) => id);
        if (json === true)
          context.out(
            JSON.stringify({ ...(out === undefined ? { text } : { file: out }), connectors: ids, left }, undefined, 2),
          );
        else context.out(out === undefined ? text.trimEnd() : `wrote ${out}: ${ids.length} connectors`);
        for (const reason of left) context.err(`${context.styleError('yellow', 'warning')}: ${reason}`);
        if (left.length > 0) throw new CliExit(EXIT.failed, `${left.length} connectors cannot be described`);
      });
  };
  add(
    'types',
    {
      description: "write TypeScript declarations of the connectors' actions, for connect() of @automate/client",
      out: 'where to, such as connectors.d.ts (default: standard output)',
    },
    writeDeclarations,
  );
  add(
    'docs',
    { description: 'write what the connectors can do as Markdown', out: 'where to (default: standard output)' },
    writeMarkdown,
  );
}
