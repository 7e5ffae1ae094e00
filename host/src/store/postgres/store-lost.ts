import { UnavailableError } from '@automate/contract';

/** What ails a database, and what the operator can do about it. */
interface Trouble {
  /** Whether it may be over in a moment, so that the host itself tries again. */
  readonly passes: boolean;
  readonly remedy: string;
}

const GONE: Trouble = {
  passes: true,
  remedy: 'it does not answer: see that it runs, and that this machine reaches it',
};

/** By the beginning of PostgreSQL's SQLSTATE; the longest that fits counts. */
const TROUBLES: readonly (readonly [states: readonly string[], means: Trouble])[] = [
  [['08', '57P01', '57P02', '57P03', '57P05', '25P03'], GONE],
  [['40001', '40P01'], trouble('another host changed the same at the same time', true)],
  [['53300'], trouble('it takes no more connections: raise max_connections, or put PgBouncer before it', true)],
  [['53100', '53'], trouble('it has no more room or memory: free some there')],
  [['28'], trouble('it does not let this user in: correct the user and the password of STORE_URL')],
  [['3D000'], trouble('there is no such database: create it, or correct STORE_URL')],
  [
    ['42501'],
    trouble(
      'the user of STORE_URL lacks a right there: "automate doctor" says which, or make that user the owner of the schema automate',
    ),
  ],
  [['25006'], trouble('it takes no changes: STORE_URL has to name the primary server, not a standby')],
  [['57014', '55P03'], trouble('it took too long: see what else it is doing, and who holds its tables locked')],
  [['42P01', '42703', '3F000'], trouble('its tables are not as the host made them: restore it from a backup')],
];

const UNKNOWN: Trouble = trouble('see its log');
const UNTRUSTED: Trouble = trouble('TLS with it fails: correct sslmode and sslrootcert of STORE_URL');

function trouble(remedy: string, passes = false): Trouble {
  return { passes, remedy };
}

/** What an error of PostgreSQL's has; undefined for one that the connection had. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { readonly code?: unknown; readonly severity?: unknown };
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined;
}

/** Whether it may be over in a moment. */
export function passes(error: unknown): boolean {
  return troubleOf(error).passes;
}

/**
 * An error of the database that STORE_URL names, with what ails it and what the operator can do.
 *
 * @param what what could not be done: `the connector "x" cannot be stored`
 * @param where the database, without a password
 * @param effect `maybe` where it is not known whether it was done all the same
 */
export function storeLost(what: string, where: string, cause: unknown, effect: 'none' | 'maybe'): UnavailableError {
  const { remedy } = troubleOf(cause);
  const said = messageOf(cause);
  const done = effect === 'maybe' ? '; whether it was done all the same is not known' : '';
  return new UnavailableError(`${what}: the database at ${where}: ${remedy} (${said})${done}`, {
    blame: 'operator',
    effect,
    details: { reason: 'store_lost', database: where },
    cause,
  });
}

function troubleOf(error: unknown): Trouble {
  const state = sqlStateOf(error);
  if (state === undefined) return isOfTls(error) ? UNTRUSTED : GONE;
  const fits = TROUBLES.flatMap(([states, means]) =>
    states.filter((beginning) => state.startsWith(beginning)).map(({ length }) => ({ length, means })),
  );
  return fits.toSorted((one, other) => other.length - one.length)[0]?.means ?? UNKNOWN;
}

function isOfTls(error: unknown): boolean {
  const { code, message, syscall } = (error ?? {}) as Readonly<Record<'code' | 'message' | 'syscall', unknown>>;
  return (
    // A file that the URL names.
    syscall === 'open' ||
    (typeof code === 'string' && /CERT|^ERR_TLS|^ERR_SSL|UNABLE_TO_|SIGNATURE/.test(code)) ||
    (typeof message === 'string' && /does not support SSL|error performing the SSL/i.test(message))
  );
}

/** Node tells of several addresses that were tried with an error that has no words of its own. */
function messageOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '')
    return cause.errors.map((each: unknown) => messageOf(each)).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
