import type { OutcomeRule } from '@automate/sdk';

/** What a kind's errors mean, in words of its users. */
export interface Outcomes {
  /** Nothing was done; with whether the host tries again. */
  readonly none: Readonly<Record<string, OutcomeRule['retried']>>;
  /** Something may be done, so that the host does not try again. */
  readonly maybe: readonly string[];
}

/** The rows of a kind's outcomes, and those that all databases have. */
export const outcomeRules = ({ none, maybe }: Outcomes): OutcomeRule[] => [
  ...Object.entries({ ...none, ...COMMON }).map(([when, retried]) => ({ when, effect: 'none' as const, retried })),
  ...maybe.map((when) => ({ when, effect: 'maybe' as const, retried: false })),
];

const COMMON: Outcomes['none'] = {
  'all connections were in use until the deadline (OVERLOADED)': true,
  'a statement that only reads gives back more than can be sent (INVALID_INPUT)': false,
  'a statement that changed something gives back more than can be sent':
    'it is a success with a cut result: `truncated`',
};

/** What every kind says of a server that takes no changes. */
export const DEMOTED =
  'the server takes no changes any more, as after a failover (UPSTREAM_5XX, `server_read_only`); the connections to it are dropped';

/** Words as outcomes write them. */
export const inCode = (words: Iterable<string | number>): string => [...words].map((word) => `\`${word}\``).join(', ');
