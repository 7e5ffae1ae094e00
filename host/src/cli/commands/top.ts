import { setTimeout as delay } from 'node:timers/promises';
import type { CallOptions, ConnectorService, HostFilter, HostStats } from '@automate/contract';
import { statsView } from '@automate/contract/http';
import { parseDuration } from '@automate/contract/schemas';
import type { Command } from 'commander';
import { Option } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { hostFilter, hostOption, tellMissing } from './host-option.ts';
import { requireRunning } from './require-running.ts';
import type { Sort } from '../top/render-top.ts';
import { renderTop, SORTS } from '../top/render-top.ts';

interface TopOptions extends GlobalOptions {
  readonly once?: true;
  readonly sort: Sort;
  readonly every: string;
  readonly host?: string;
}

/** `automate top` */
export function addTopCommand(program: Command, context: CliContext): void {
  program
    .command('top')
    .description(
      'which connectors are called, fail, are slow and use memory and processor, while it happens; keys sort, q ends it',
    )
    .option('--once', 'print one table and end, as where no terminal reads it')
    .addOption(new Option('--sort <by>', 'what comes first').choices(Object.values(SORTS)).default('calls'))
    .option('--every <duration>', 'between two looks', '2s')
    .addOption(hostOption())
    .action(async (_options: unknown, command: Command) => {
      const { json, once, sort, every, host, ...rest } = command.optsWithGlobals<TopOptions>();
      const everyMs = parseDuration(every);
      if (everyMs === undefined || everyMs < 100)
        throw new CliExit(EXIT.usage, `--every: expected a duration from 100ms on, received ${JSON.stringify(every)}`);
      await requireRunning(context, rest);
      if (json === true || once === true || !context.hasScreen) {
        const stats = await context.withService(rest, 'looking', (service, call) =>
          service.getStats({ ...call, ...hostFilter(host) }),
        );
        const lines = (): readonly string[] =>
          renderTop(stats, { sort, style: context.style, columns: context.columns });
        context.out(json === true ? JSON.stringify(statsView(stats), undefined, 2) : lines().join('\n'));
        tellMissing(context, stats.missing);
        return;
      }
      await context.withService(rest, undefined, (service, call) =>
        watch(context, { service, call, sort, everyMs, filter: hostFilter(host) }),
      );
    });
}

interface Watched {
  readonly service: ConnectorService;
  readonly call: CallOptions;
  readonly sort: Sort;
  readonly everyMs: number;
  readonly filter: HostFilter;
}

const QUIT: ReadonlySet<string> = new Set(['q', 'Q', '\u0003', '\u0004']);

/** Shows it until a key ends it, or the user interrupts. */
async function watch(context: CliContext, { service, call, everyMs, filter, ...start }: Watched): Promise<void> {
  let { sort } = start;
  let stats: HostStats | undefined;
  const quit = new AbortController();
  const signal = AbortSignal.any([quit.signal, ...(call.signal === undefined ? [] : [call.signal])]);
  const draw = (): void => {
    if (stats === undefined) return;
    const { columns, rows } = screen;
    const keys = Object.entries(SORTS).map(([key, by]) =>
      by === sort ? context.style('bold', `${key} ${by}`) : `${key} ${by}`,
    );
    const lines = renderTop(stats, { sort, style: context.style, columns, rows: rows - 2 });
    const help = `${keys.join('  ')}  q quit`;
    screen.draw([...lines.slice(0, Math.max(rows - 2, 1)), '', ...(rows > 6 && columns > 56 ? [help] : [])]);
  };
  const screen = context.openScreen({
    onKey(key) {
      if (QUIT.has(key)) quit.abort();
      const chosen = (SORTS as Readonly<Record<string, Sort>>)[key.toLowerCase()];
      if (chosen === undefined) return;
      sort = chosen;
      draw();
    },
    onResize: draw,
  });
  try {
    while (!signal.aborted) {
      stats = await service.getStats({ ...call, signal, ...filter });
      draw();
      await delay(everyMs, undefined, { signal });
    }
  } catch (reason) {
    if (!signal.aborted) throw reason;
  } finally {
    screen.close();
  }
}
