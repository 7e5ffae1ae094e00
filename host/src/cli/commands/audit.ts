import type {
  AuditCode,
  AuditExpectation,
  AuditFilter,
  AuditPage,
  AuditRecord,
  AuditVerdict,
} from '@automate/contract';
import { makeVisible } from '@automate/contract';
import { auditPageView, auditRecordView, auditVerdictView } from '@automate/contract/http';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { hostFilter } from './host-option.ts';

interface FilterOptions extends GlobalOptions {
  readonly since?: string;
  readonly until?: string;
  readonly principal?: string;
  readonly connector?: string;
  readonly action?: string;
  readonly operation?: string;
  readonly code?: AuditCode;
  readonly limit?: string;
  readonly host?: string;
}

interface VerifyOptions extends GlobalOptions {
  readonly file?: string;
  readonly head?: string;
  readonly host?: string;
}

/** Records of a page when all are wanted. */
const PAGE = 1_000;

/** `automate audit …` */
export function addAuditCommands(program: Command, context: CliContext): void {
  const audit = program.command('audit').description('the records of what was done with a host, by whom');
  const withFilter = (command: Command): Command =>
    command
      .option('--since <time>', 'from this moment on, such as 2026-01-31 or 2026-01-31T09:00:00Z')
      .option('--until <time>', 'before this moment')
      .option('--principal <name>', 'of this caller alone')
      .option('--connector <id>', 'about this connector alone')
      .option('--action <name>', 'calls of this action alone')
      .option('--operation <name>', 'such as execute, register, setSecret')
      .option('--code <code>', 'OK, BEGUN or the code of an error')
      .option(
        '--host <id>',
        'of this host, living or not, or all: of all that share a store (default: the one that is asked)',
      );

  withFilter(audit.command('list'))
    .description('the newest records, the newest first')
    .option('--limit <number>', 'most records', '50')
    .action(async (_options: unknown, command: Command) => {
      const { json, limit, ...options } = command.optsWithGlobals<FilterOptions>();
      const wanted = countOf(limit);
      const records = await context.withService(options, 'reading the audit', async (service, call) => {
        const found: AuditRecord[] = [];
        let page: Pick<AuditPage, 'next'> = {};
        do {
          const filter = { ...filterOf(options), limit: Math.min(PAGE, wanted - found.length), cursor: page.next };
          const read = await service.listAudit(filter, call);
          found.push(...read.records);
          page = read;
        } while (page.next !== undefined && found.length < wanted);
        return found;
      });
      context.out(
        json === true ? JSON.stringify(auditPageView({ records }), undefined, 2) : formatRecords(context, records),
      );
    });

  withFilter(audit.command('export'))
    .description('all records, the oldest first, as one JSON object a line')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<FilterOptions>();
      await context.withService(options, 'reading the audit', async (service, call) => {
        let page: Pick<AuditPage, 'next'> = {};
        do {
          const filter = { ...filterOf(options), order: 'oldest', limit: PAGE, cursor: page.next } as const;
          const read = await service.listAudit(filter, call);
          for (const record of read.records) context.out(JSON.stringify(auditRecordView(record)));
          page = read;
        } while (page.next !== undefined);
      });
    });

  audit
    .command('verify')
    .description(
      'read all records and say whether one was changed, removed, put in or moved; ends with 1 where one was',
    )
    .option('--file <file>', 'a database elsewhere, such as a copy, with its "-head" beside it; no service is asked')
    .option('--host <id>', 'of this host, of those that share a store, living or not (default: the one that is asked)')
    .option('--head <number:hash>', 'a record that must be there, as an earlier verify printed it')
    .action(async (_options: unknown, command: Command) => {
      const { json, file, head, host, ...rest } = command.optsWithGlobals<VerifyOptions>();
      const expected = head === undefined ? undefined : expectationOf(head);
      const verdict =
        file === undefined
          ? await context.withService(rest, 'verifying the audit', (service, call) =>
              service.verifyAudit(expected, { ...call, ...hostFilter(host) }),
            )
          : await context.verifyAuditFile(rest, { file, expected });
      context.out(json === true ? JSON.stringify(auditVerdictView(verdict), undefined, 2) : describe(verdict));
      if (!verdict.ok) throw new CliExit(EXIT.failed, 'the audit is not as it was written');
    });
}

function filterOf({ since, until, principal, connector, action, operation, code, host }: FilterOptions): AuditFilter {
  return { since, until, principal, connector, action, operation, code, host };
}

function countOf(text = ''): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new CliExit(EXIT.usage, `--limit: expected a number from 1 on, received ${JSON.stringify(text)}`);
}

function expectationOf(text: string): AuditExpectation {
  const [, seq, hash] = /^([1-9]\d{0,15}):([0-9a-f]{64})$/i.exec(text) ?? [];
  if (seq !== undefined && hash !== undefined) return { seq: Number(seq), hash };
  throw new CliExit(
    EXIT.usage,
    `--head: expected a number and a hash such as "12:9f86…", as "automate audit verify" prints them, received ${JSON.stringify(text)}`,
  );
}

/** Callers chose some of the words: nothing in them moves the cursor of a terminal. */
function formatRecords(context: CliContext, records: readonly AuditRecord[]): string {
  if (records.length === 0) return 'no records';
  const isOfHosts = records.some(({ host }) => host !== undefined);
  const rows = records.map(
    ({ seq, at, principal, door, operation, connector, action, subject, code, durationMs, host = '' }) =>
      [
        ...(isOfHosts ? [host] : []),
        String(seq),
        at,
        principal,
        door,
        operation,
        [connector, action, subject].filter((word) => word !== undefined).join(' '),
        code,
        durationMs === undefined ? '' : `${durationMs} ms`,
      ].map(makeVisible),
  );
  const header = [
    ...(isOfHosts ? ['HOST'] : []),
    'NUMBER',
    'TIME',
    'CALLER',
    'DOOR',
    'OPERATION',
    'OF',
    'CODE',
    'TOOK',
  ];
  return context.table(header, rows);
}

function describe({ ok, records, first, last, hash, unsealed, unprovenEnd, fault }: AuditVerdict): string {
  if (!ok) return `not as it was written: ${fault?.message ?? 'unknown'}; ${records} records before that are`;
  const cut = first > 1 ? `; those before ${first} were cut off, under seal` : '';
  const late = unsealed === 0 ? '' : `; ${unsealed} were written when the host was killed, after the seal`;
  const head = last === 0 ? '' : `\nnote down elsewhere, for --head: ${last}:${hash}`;
  const end =
    unprovenEnd === true
      ? '; whether some are missing at the end only the host itself could tell, which does not live: --head with what was noted down shows it up to that'
      : '';
  return `${records} records are as they were written${cut}${late}${end}${head}`;
}
