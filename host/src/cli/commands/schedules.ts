import type { Schedule } from '@automate/contract';
import { scheduleListView, scheduleView } from '@automate/contract/http';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { readArgument } from '../read-argument.ts';
import { readTimeout } from '../read-timeout.ts';

interface SetOptions extends GlobalOptions {
  readonly cron: string;
  readonly timeZone?: string;
  readonly input?: string;
  readonly priority?: string;
  readonly runTimeout?: string;
  readonly callbackUrl?: string;
}

/** `automate schedules …` */
export function addScheduleCommands(program: Command, context: CliContext): void {
  const schedules = program.command('schedules').description('executions that are started at their times');
  const show = (schedule: Schedule, json: boolean | undefined): void =>
    context.out(json === true ? JSON.stringify(scheduleView(schedule), undefined, 2) : describeSchedule(schedule));

  schedules
    .command('list')
    .description("one's own schedules, in order of name; for an admin those of all")
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const all = await context.withService(rest, 'listing schedules', (service, call) => service.listSchedules(call));
      context.out(json === true ? JSON.stringify(scheduleListView(all), undefined, 2) : formatSchedules(context, all));
    });

  schedules
    .command('set')
    .argument('<name>', 'what it is called')
    .argument('<id>', 'the connector')
    .argument('<action>', 'one of its actions')
    .requiredOption('--cron <fields>', 'minute, hour, day of the month, month and day of the week: "0 9 * * 1-5"')
    .option('--time-zone <zone>', "such as Europe/Berlin (default: the host's own)")
    .option('--input <json>', 'the payload: JSON text, @file, or - for standard input', '{}')
    .option('--priority <number>', 'of its executions, from -100 to 100 (default: 0)')
    .option('--run-timeout <duration>', 'how long each run of one may take, such as 10m')
    .option('--callback-url <url>', 'where the end of each is told, of those that the host allows')
    .description("add a schedule that starts an execution at its times, or replace one's own whole")
    .action(async (name: string, id: string, action: string, _options: unknown, command: Command) => {
      const {
        json,
        cron,
        timeZone,
        input = '{}',
        priority,
        runTimeout,
        callbackUrl,
        ...rest
      } = command.optsWithGlobals<SetOptions>();
      const runTimeoutMs = readTimeout('--run-timeout', runTimeout);
      const request = {
        ...{ name, id, action, cron, payload: await readArgument(context, input) },
        ...(timeZone === undefined ? {} : { timeZone }),
        ...(priority === undefined ? {} : { priority: Number(priority) }),
        ...(runTimeoutMs === undefined ? {} : { runTimeoutMs }),
        ...(callbackUrl === undefined ? {} : { callbackUrl }),
      };
      const set = await context.withService(rest, `setting ${name}`, (service, call) =>
        service.setSchedule(request, call),
      );
      show(set, json);
    });

  for (const [verb, description] of [
    ['pause', 'let a schedule start nothing until it is resumed'],
    ['resume', 'let it start executions again'],
  ] as const)
    schedules
      .command(verb)
      .argument('<name>', 'the schedule')
      .description(description)
      .action(async (name: string, _options: unknown, command: Command) => {
        const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
        const changed = await context.withService(rest, `changing ${name}`, (service, call) =>
          verb === 'pause' ? service.pauseSchedule(name, call) : service.resumeSchedule(name, call),
        );
        show(changed, json);
      });

  schedules
    .command('remove')
    .argument('<name>', 'the schedule')
    .description('remove a schedule; the executions that it started stay')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const change = await context.withService(rest, `removing ${name}`, (service, call) =>
        service.removeSchedule(name, call),
      );
      context.out(json === true ? JSON.stringify(change, undefined, 2) : change.message);
    });
}

function describeSchedule({ name, connector, action, cron, timeZone, pausedSince, nextAt }: Schedule): string {
  const next =
    pausedSince !== undefined ? 'paused' : nextAt === undefined ? 'at no time any more' : `next at ${nextAt}`;
  return `${name}  ${connector} ${action}: ${cron} (${timeZone}), ${next}`;
}

function formatSchedules(context: CliContext, schedules: readonly Schedule[]): string {
  if (schedules.length === 0) return 'no schedules: add one with "automate schedules set NAME ID ACTION --cron …"';
  const rows = schedules.map(({ pausedSince, ...schedule }) => [
    schedule.name,
    schedule.connector,
    schedule.action,
    schedule.cron,
    schedule.timeZone,
    pausedSince === undefined ? (schedule.nextAt ?? '') : 'paused',
    schedule.lastAt ?? '',
    schedule.principal,
  ]);
  return context.table(['SCHEDULE', 'CONNECTOR', 'ACTION', 'CRON', 'ZONE', 'NEXT', 'LAST', 'BY'], rows);
}
