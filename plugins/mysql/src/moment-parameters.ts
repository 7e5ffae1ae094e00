import { InvalidInputError } from '@automate/sdk';
import type { Statement } from '@automate/sql';
import { traits } from './mysql-traits.ts';
import type { DriverStatement, Ran } from './run-statement.ts';
import type { TimeZone } from './time-zone.ts';
import { fromInstant, isInstant } from './time-zone.ts';
import { toMysql } from './values.ts';

/** One try to run a statement. */
export interface Attempt {
  readonly ran: Promise<Ran>;
  /** What the server says it could not read as a date, as error or as warnings; empty if nothing. */
  readonly complaint: string;
}

export interface Attempts {
  try(statement: DriverStatement): Promise<Attempt>;
  /** Undoes the last try; false: some of it stays. */
  undo(): Promise<boolean>;
}

/** Most tries for one statement. */
const MOST = 40;

/**
 * Runs a statement whose parameters may be moments with `Z` or an offset, as results give them. The server reads no such
 * texts as dates, and it does not tell what a parameter is for. So they are sent as they are, which is right for texts;
 * what the server then complains of is written as local time.
 *
 * @throws InvalidInputError for a moment of an hour that local clocks show twice.
 */
export async function runWithMoments({ sql, params }: Statement, zone: TimeZone, attempts: Attempts): Promise<Ran> {
  const values = params.map(toMysql);
  const period = periodOf(sql);
  const local = new Set<number>();
  const withLocal = (more: readonly number[]): DriverStatement => ({
    sql,
    values: values.map((value, at) => (local.has(at) || more.includes(at) ? toLocal(value, zone) : value)),
  });
  let last = await attempts.try(withLocal([]));
  for (let tries = 0; tries < MOST && last.complaint !== '';) {
    const groups = groupsOf(values, last.complaint, local, period);
    // A text that is there twice may be meant once as a date, once as a text.
    const choices = groups.length > 1 ? [...groups, groups.flat()] : groups;
    if (choices.length === 0) break;
    for (const choice of choices) {
      if (!(await attempts.undo())) return last.ran;
      const before = last.complaint;
      last = await attempts.try(withLocal(choice));
      tries += 1;
      if (last.complaint === before && choice !== choices.at(-1)) continue;
      for (const at of choice) local.add(at);
      break;
    }
  }
  return last.ran;
}

/** Parameters that the complaint names, those of the same column together. */
function groupsOf(
  values: readonly unknown[],
  complaint: string,
  done: ReadonlySet<number>,
  { first, length }: Period,
): number[][] {
  const columnOf = (at: number): number => (at < first ? at : first + ((at - first) % length));
  const moments = values.flatMap((value, at) =>
    typeof value === 'string' && isInstant(value) && !done.has(at) ? [at] : [],
  );
  const named = moments.filter((at) => complaint.includes(`'${String(values[at])}'`));
  const columns = new Set(named.map(columnOf));
  return [...columns].map((column) => moments.filter((at) => columnOf(at) === column));
}

function toLocal(value: unknown, zone: TimeZone): string {
  const text = String(value);
  const local = fromInstant(zone, text);
  if (local !== undefined) return local;
  throw new InvalidInputError(
    `params: ${text} falls in an hour that the clocks of the server's time zone show twice, or is no moment; write it with FROM_UNIXTIME(), or set settings.time_zone to UTC`,
    { details: { reason: 'value' } },
  );
}

interface Period {
  /** The first parameter that is repeated. */
  readonly first: number;
  /** How many parameters come until the next one of the same column. */
  readonly length: number;
}

/** How the parameters of `VALUES (?, ?), (?, ?)` repeat, where all rows are written alike. */
function periodOf(sql: string): Period {
  const skeleton = sql.replace(traits.grammar.opaque, "''");
  const [, before = '', list = ''] = /^([^]*?\bvalues?)\s*(\([^()]*\)(?:\s*,\s*\([^()]*\))+)/i.exec(skeleton) ?? [];
  const rows = list.split(/\)\s*,\s*\(/).map((row) => row.replaceAll(/[()\s]/g, ''));
  const length = countOf(rows[0] ?? '');
  const alike = length > 0 && rows.every((row) => row === rows[0]);
  return { first: countOf(before), length: alike ? length : Number.MAX_SAFE_INTEGER };
}

const countOf = (text: string): number => text.split('?').length - 1;
