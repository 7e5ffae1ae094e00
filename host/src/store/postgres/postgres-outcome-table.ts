import { CompiledQuery } from 'kysely';
import type { EndStep, OutcomeStep, StepAnswer } from '../outcome-steps.ts';
import { MOST_ROWS, NOT_WRITTEN } from '../outcome-steps.ts';
import type { OutcomeClaim, OutcomePlace, StoredOutcome } from '../outcome-store.ts';
import type { Session } from './postgres-database.ts';

const AT = 'connector = $1 AND principal = $2 AND key = $3';
const LASTING = `status = 'unknown' AND ended_at IS NULL`;

const BURY_ONE = `UPDATE automate.outcomes SET status = 'unknown' WHERE ${AT} AND status = 'running' AND owner = $4
  AND NOT EXISTS (SELECT FROM automate.leases l WHERE l.owner = $4 AND l.expires_at > clock_timestamp())`;

const LOSE_OWN = `UPDATE automate.outcomes SET status = 'unknown', text = $5 WHERE ${AT} AND status = 'running' AND owner = $4`;

/** What its host may still say of a call: it runs, or others have given it up, whom they told nothing of its end. */
const MAY_END = `(o.status = 'running' OR (e.late AND o.status = 'unknown' AND o.ended_at IS NULL AND o.text IS NULL))`;

const BEGIN = `INSERT INTO automate.outcomes (connector, principal, key, action, payload_sha256, status, owner, started_at)
  SELECT connector, principal, key, action, payload_sha256, 'running', $6, $7
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS claims (connector, principal, key, action, payload_sha256)
  ON CONFLICT DO NOTHING RETURNING connector, principal, key`;

const END = `UPDATE automate.outcomes o SET status = e.status, attempts = e.attempts, text = e.text,
    result_sha256 = e.result_sha256, ended_at = $9, expires_at = e.expires_at
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::text[], $8::bigint[], $11::boolean[])
    AS e (connector, principal, key, status, attempts, text, result_sha256, expires_at, late)
  WHERE o.connector = e.connector AND o.principal = e.principal AND o.key = e.key AND ${MAY_END} AND o.owner = $10
  RETURNING o.connector, o.principal, o.key`;

const DROP_OWN = `DELETE FROM automate.outcomes o USING unnest($1::text[], $2::text[], $3::text[], $5::boolean[]) AS e (connector, principal, key, late)
  WHERE o.connector = e.connector AND o.principal = e.principal AND o.key = e.key AND ${MAY_END} AND o.owner = $4`;

interface Row extends OutcomePlace {
  readonly action: string;
  readonly payload_sha256: string;
  readonly status: StoredOutcome['status'];
  readonly owner: string;
  readonly attempts: number | null;
  readonly text: string | null;
  readonly result_sha256: string | null;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly expires_at: string | null;
}

/** In whose name steps are taken. */
export interface Holder {
  readonly owner: string;
  /** How many outcomes are kept. */
  readonly rows: number;
}

type Run = readonly [OutcomeStep, ...OutcomeStep[]];

/** Steps of the same kind that come one after the other, which take one statement where they are calls' beginnings and ends. */
function runsOf(steps: readonly OutcomeStep[]): readonly Run[] {
  const runs: [OutcomeStep, ...OutcomeStep[]][] = [];
  for (const step of steps) {
    const last = runs.at(-1);
    if (last?.[0].op === step.op) last.push(step);
    else runs.push([step]);
  }
  return runs;
}

/** Takes the steps in order; gives an answer for each. */
export async function takeSteps(
  session: Session,
  steps: readonly OutcomeStep[],
  holder: Holder,
): Promise<readonly StepAnswer[]> {
  const answers: StepAnswer[] = [];
  for (const run of runsOf(steps)) answers.push(...(await take(session, run, holder)));
  return answers;
}

async function take(session: Session, run: Run, holder: Holder): Promise<readonly StepAnswer[]> {
  const [{ op }] = run;
  if (op === 'begin')
    return begin(
      session,
      run.flatMap((step) => (step.op === 'begin' ? [step.claim] : [])),
      holder,
    );
  if (op === 'end') {
    return end(
      session,
      run.flatMap((step) => (step.op === 'end' ? [step] : [])),
      holder.owner,
    );
  }
  const answers: StepAnswer[] = [];
  for (const step of run) answers.push({ found: await takeOne(session, step, holder) });
  return answers;
}

async function takeOne(session: Session, step: OutcomeStep, { owner }: Holder): Promise<StoredOutcome | undefined> {
  switch (step.op) {
    case 'find':
      return read(session, step.place, owner);
    case 'clear': {
      const found = await read(session, step.place, owner);
      await drop(session, step.place, `status <> 'running'`);
      return found;
    }
    case 'forget':
      await session.count(CompiledQuery.raw('DELETE FROM automate.outcomes WHERE connector = $1', [step.connector]));
      return undefined;
    case 'age': {
      const { connectors, expiresAt } = step;
      const keepOn = `UPDATE automate.outcomes SET expires_at = NULL WHERE expires_at IS NOT NULL AND ${LASTING} AND connector = ANY ($1::text[])`;
      const age = `UPDATE automate.outcomes SET expires_at = $2 WHERE expires_at IS NULL AND ${LASTING} AND connector <> ALL ($1::text[])`;
      await session.count(CompiledQuery.raw(keepOn, [connectors]));
      await session.count(CompiledQuery.raw(age, [connectors, expiresAt]));
      return undefined;
    }
    default:
      return undefined;
  }
}

async function begin(
  session: Session,
  claims: readonly OutcomeClaim[],
  holder: Holder,
): Promise<readonly StepAnswer[]> {
  const isFull = holder.rows >= MOST_ROWS;
  const begun = isFull ? new Set<string>() : await insert(session, claims, holder.owner);
  const answers: StepAnswer[] = [];
  for (const claim of claims) {
    if (begun.has(nameOf(claim))) {
      answers.push({ found: undefined });
      continue;
    }
    const found = await read(session, claim, holder.owner);
    if (found !== undefined) {
      answers.push({ found });
      continue;
    }
    if (isFull) {
      answers.push({ full: holder.rows });
      continue;
    }
    // What stood there has expired. Another host may have found that out as well.
    await drop(session, claim, `expires_at <= ${session.now()}`);
    const now = await insert(session, [claim], holder.owner);
    answers.push({ found: now.size > 0 ? undefined : await read(session, claim, holder.owner) });
  }
  return answers;
}

/** Gives the places that were free. In one order for all hosts, so that none waits for another that waits for it. */
async function insert(session: Session, claims: readonly OutcomeClaim[], owner: string): Promise<ReadonlySet<string>> {
  const sorted = claims.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
  const places = await session.rows<OutcomePlace>(
    CompiledQuery.raw(BEGIN, [
      ...placesOf(sorted),
      sorted.map(({ action }) => action),
      sorted.map(({ payloadSha256 }) => payloadSha256),
      owner,
      session.now(),
    ]),
  );
  return new Set(places.map(nameOf));
}

/** Gives for each what stands in its place where this host's word came too late, and changes nothing any more. */
async function end(session: Session, ended: readonly EndStep[], owner: string): Promise<readonly StepAnswer[]> {
  const told = ended.flatMap(({ place, end: how, late = false }) =>
    how === 'nothing' ? [] : [{ place, ...how, late }],
  );
  const dropped = ended.filter(({ end: how }) => how === 'nothing');
  const written = new Set<string>();
  if (told.length > 0) {
    const places = await session.rows<OutcomePlace>(
      CompiledQuery.raw(END, [
        ...placesOf(told.map(({ place }) => place)),
        told.map(({ status }) => status),
        told.map(({ attempts }) => attempts),
        told.map(({ text = null }) => text),
        told.map(({ resultSha256 = null }) => resultSha256),
        // It was reckoned by the clock of this host.
        told.map(({ expiresAt }) => expiresAt + session.now() - Date.now()),
        session.now(),
        owner,
        told.map(({ late }) => late),
      ]),
    );
    for (const place of places) written.add(nameOf(place));
  }
  if (dropped.length > 0)
    await session.count(
      CompiledQuery.raw(DROP_OWN, [
        ...placesOf(dropped.map(({ place }) => place)),
        owner,
        dropped.map(({ late = false }) => late),
      ]),
    );
  const answers: StepAnswer[] = [];
  for (const { place, end: how } of ended) {
    const row = how === 'nothing' || written.has(nameOf(place)) ? undefined : await find(session, place);
    answers.push({ found: row && outcomeOf(row) });
  }
  return answers;
}

async function read(session: Session, place: OutcomePlace, owner: string): Promise<StoredOutcome | undefined> {
  let row = await find(session, place);
  if (row?.status === 'running') {
    const at = [place.connector, place.principal, place.key];
    // Of its own calls a host knows by itself which are running: what is not, it could not bring to an end here.
    await session.count(
      row.owner === owner
        ? CompiledQuery.raw(LOSE_OWN, [...at, owner, NOT_WRITTEN])
        : CompiledQuery.raw(BURY_ONE, [...at, row.owner]),
    );
    row = await find(session, place);
  }
  if (row === undefined || (row.expires_at !== null && Number(row.expires_at) <= session.now())) return undefined;
  return outcomeOf(row);
}

async function find(session: Session, { connector, principal, key }: OutcomePlace): Promise<Row | undefined> {
  const query = CompiledQuery.raw(`SELECT * FROM automate.outcomes WHERE ${AT}`, [connector, principal, key]);
  const [row] = await session.rows<Row>(query);
  return row;
}

async function drop(session: Session, { connector, principal, key }: OutcomePlace, only: string): Promise<void> {
  const statement = `DELETE FROM automate.outcomes WHERE ${AT} AND ${only}`;
  await session.count(CompiledQuery.raw(statement, [connector, principal, key]));
}

/** How many outcomes are kept. */
export async function countOutcomes(session: Session): Promise<number> {
  const query = CompiledQuery.raw('SELECT count(*) AS rows FROM automate.outcomes');
  const [counted] = await session.rows<{ readonly rows: string }>(query);
  return Number(counted?.rows);
}

function placesOf(places: readonly OutcomePlace[]): readonly [string[], string[], string[]] {
  return [
    places.map(({ connector }) => connector),
    places.map(({ principal }) => principal),
    places.map(({ key }) => key),
  ];
}

function nameOf({ connector, principal, key }: OutcomePlace): string {
  return JSON.stringify([connector, principal, key]);
}

function outcomeOf(row: Row): StoredOutcome {
  const { attempts, text, result_sha256: resultSha256, ended_at: endedAt, expires_at: expiresAt } = row;
  return {
    action: row.action,
    payloadSha256: row.payload_sha256,
    status: row.status,
    startedAt: Number(row.started_at),
    ...(attempts === null ? {} : { attempts }),
    ...(text === null ? {} : { text }),
    ...(resultSha256 === null ? {} : { resultSha256 }),
    ...(endedAt === null ? {} : { endedAt: Number(endedAt) }),
    ...(expiresAt === null ? {} : { expiresAt: Number(expiresAt) }),
  };
}
