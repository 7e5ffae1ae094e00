import type { OutcomeRule } from '@automate/sdk';
import type { Sent } from './outcome.ts';
import { EFFECTS } from './outcome.ts';

const SENT: Readonly<Record<Exclude<Sent, 'nothing' | 'reading'>, string>> = {
  transaction: 'a statement of a transaction (`transaction`, `insert_rows`, `upsert_rows`) before its COMMIT',
  open_ended: 'a statement of `execute` that may leave something behind when it fails',
  commit: 'COMMIT',
};

/** Words as outcomes write them. */
export const inCode = (words: Iterable<string | number>): string => [...words].map((word) => `\`${word}\``).join(', ');

/** The rows of a kind's outcomes that follow from `EFFECTS`, for those of these things that the kind sends. */
export function rulesOfEffects(sent: readonly (keyof typeof SENT)[]): OutcomeRule[] {
  return sent.flatMap((each): OutcomeRule[] => [
    {
      when: `the server itself refuses ${SENT[each]}`,
      effect: EFFECTS[each].refused,
      retried: EFFECTS[each].refused === 'none' ? 'if `retryable`' : false,
    },
    {
      when: `no word comes on ${SENT[each]}: the connection broke, or nothing confirmed that it was cancelled`,
      effect: EFFECTS[each].silent,
      retried: EFFECTS[each].silent === 'none' ? 'if `retryable`' : false,
    },
  ]);
}

/** What holds for every kind of database. */
export const poolOutcomes: readonly OutcomeRule[] = [
  { when: 'all connections were in use until the deadline (OVERLOADED)', effect: 'none', retried: true },
  {
    when: 'a statement that only reads gives back more than can be sent (INVALID_INPUT)',
    effect: 'none',
    retried: false,
  },
  {
    when: 'a statement that changed something gives back more than can be sent',
    effect: 'none',
    retried: 'it is a success with a cut result: `truncated`',
  },
];

/** What holds for every kind of database that has servers. */
export const commonOutcomes: readonly OutcomeRule[] = [
  ...poolOutcomes,
  {
    when: 'the server takes no changes any more, as after a failover (UPSTREAM_5XX, `server_read_only`); the connections to it are dropped',
    effect: 'none',
    retried: true,
  },
];
