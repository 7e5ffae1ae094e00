import type { OutcomeRule } from '@automate/sdk';
import { PROGRAMS } from './commands.ts';
import { MEANINGS } from './redis-error.ts';
import { TAKERS } from './takers.ts';

const code = (words: Iterable<string>): string => [...words].map((word) => `\`${word}\``).join(', ');

/** The first words of Redis's refusals, by the code that they become and whether another try may help. */
const refusals: readonly OutcomeRule[] = [
  ...Map.groupBy(Object.entries(MEANINGS), ([, meaning]) => `${meaning.code} ${meaning.retryable === true}`).values(),
].map((group) => ({
  when: `Redis refused one of its own commands with ${code(group.map(([word]) => word))} (${group[0]?.[1].code})`,
  effect: 'none',
  retried: group[0]?.[1].retryable === true,
}));

const moved = Object.entries(MEANINGS).flatMap(([word, meaning]) => (meaning.moved === true ? [word] : []));

/** What a Redis command has done when it fails: what was sent decides, and then what came back. */
export const outcomes: readonly OutcomeRule[] = [
  ...refusals,
  {
    when: 'another error reply to one of its own commands, such as a proxy gives that has lost its server (UPSTREAM_5XX): perhaps it was carried out',
    effect: 'maybe',
    retried: 'only actions that may be repeated, and where the proxy tells of a lost connection',
  },
  {
    when: `an error reply to ${code(PROGRAMS)}, to \`MIGRATE\`, or to a word that Redis itself does not know (a module's, a renamed one): part of it may be done`,
    effect: 'maybe',
    retried: false,
  },
  {
    when: '`EVALSHA` of a script that the server does not know (`NOSCRIPT`), a command that it does not know',
    effect: 'none',
    retried: false,
  },
  { when: 'a command that only reads got no reply: time is over, connection lost', effect: 'none', retried: true },
  {
    when: 'a command that writes, publishes or runs a program got no reply: it may still be carried out',
    effect: 'maybe',
    retried: true,
  },
  {
    when: `what ${code(TAKERS)} would take away is too large to be sent: nothing is taken (INVALID_INPUT)`,
    effect: 'none',
    retried: false,
  },
  {
    when: `after ${code(moved)}, and after any call that was not answered in time, the next call gets a new connection, perhaps to another server`,
    effect: 'none',
    retried: 'as above',
  },
];
