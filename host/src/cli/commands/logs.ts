import type { LineLevel, LogEvent, LogFilter, LogLine } from '@automate/contract';
import { LINE_LEVELS, makeVisible } from '@automate/contract';
import { logLineView } from '@automate/contract/http';
import type { Command } from 'commander';
import { Option } from 'commander';
import type { CliContext, GlobalOptions, Style } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { readMoment } from '../read-moment.ts';
import { hostFilter, hostOption, tellMissing } from './host-option.ts';
import { requireRunning } from './require-running.ts';

interface LogsOptions extends GlobalOptions {
  readonly follow?: true;
  readonly level?: LineLevel;
  readonly since?: string;
  readonly limit?: string;
  readonly host?: string;
}

/** As many lines as a host keeps of a connector. */
const ALL = 1000;

/** `automate logs [ID]` */
export function addLogsCommand(program: Command, context: CliContext): void {
  program
    .command('logs')
    .argument('[id]', 'of this connector alone')
    .description('the last lines of the log of the host that runs, which keeps 1,000 of each connector and of its own')
    .option('--follow', 'go on with each line as it is written, until interrupted')
    .addOption(new Option('--level <level>', 'of this level and above').choices(LINE_LEVELS))
    .option('--since <time>', 'from this moment on: 5m, 2h, 2026-01-31 or 2026-01-31T09:00:00Z')
    .option(
      '--limit <number>',
      'at most so many that were written already, up to 1000 (default: 100, with --since 1000)',
    )
    .addOption(hostOption())
    .action(async (id: string | undefined, _options: unknown, command: Command) => {
      const { json, follow, level, since, limit, host, ...rest } = command.optsWithGlobals<LogsOptions>();
      const from = since === undefined ? undefined : readMoment('--since', since, 'ago');
      const most = limit ?? (from === undefined ? undefined : String(ALL));
      const filter: LogFilter = {
        ...(id === undefined ? {} : { connector: id }),
        ...(level === undefined ? {} : { level }),
        ...(most === undefined ? {} : { limit: readLimit(most) }),
        ...hostFilter(host),
      };
      const isWanted = ({ at }: LogLine): boolean => from === undefined || Date.parse(at) >= from;
      const show = (line: LogLine): void =>
        context.out(json === true ? JSON.stringify(logLineView(line)) : formatLine(line, context.style));
      await requireRunning(context, rest);
      if (follow !== true) {
        const lines = await context.withService(rest, 'reading the log', (service, call) =>
          service.readLogs(filter, call),
        );
        for (const line of lines.filter(isWanted)) show(line);
        tellMissing(context, lines.missing);
        return;
      }
      await context.withService(rest, undefined, async (service, call) => {
        const signal = AbortSignal.any([context.unread, ...(call.signal === undefined ? [] : [call.signal])]);
        for await (const event of service.followLogs(filter, { signal })) {
          if (event.kind === 'line' && isWanted(event.line)) show(event.line);
          if (event.kind === 'missed') context.err(describeMissed(event));
        }
        if (!signal.aborted) throw new CliExit(EXIT.unavailable, 'the host ended, or ends');
      });
    });
}

function describeMissed({ count, host, why }: Extract<LogEvent, { readonly kind: 'missed' }>): string {
  if (why !== undefined) return `lines of the host ${host ?? ''} are missing from here on: ${makeVisible(why)}`;
  const of = host === undefined ? '' : ` of the host ${host}`;
  return `${count ?? 'some'} lines${of} are missing here: they were written faster than they were read`;
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= ALL) return limit;
  throw new CliExit(EXIT.usage, `--limit: expected a number from 1 to ${ALL}, received ${JSON.stringify(text)}`);
}

const COLOURS: Readonly<Partial<Record<LineLevel, Parameters<Style>[0]>>> = {
  trace: 'dim',
  debug: 'dim',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
};

/** One line, whatever a connector wrote: what cannot be seen is written out, so that it does nothing to the terminal. */
function formatLine({ at, level, connector, source, message, fields = {}, host }: LogLine, style: Style): string {
  const colour = COLOURS[level];
  const shownLevel = level.padEnd(5);
  const who = [connector, source === undefined || source === 'host' ? undefined : `(${source})`].filter(
    (word) => word !== undefined,
  );
  const more = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [
    at,
    ...(host === undefined ? [] : [style('dim', host)]),
    colour === undefined ? shownLevel : style(colour, shownLevel),
    ...(who.length === 0 ? [] : [style('bold', who.join(' '))]),
    makeVisible([message, ...more].join(' ')),
  ].join(' ');
}
