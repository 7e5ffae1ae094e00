import type { OutcomeRule } from '@automate/sdk';

/** What goes wrong with calls in particular; actions that read never have an effect. */
export const outcomes: readonly OutcomeRule[] = [
  {
    when: 'Grafana has no such dashboard, folder or data source: its own 404 with a message (NOT_FOUND)',
    effect: 'none',
    retried: false,
  },
  {
    when: 'a 404 of something in front of Grafana: a page, or no word at all (UPSTREAM_5XX, `details.reason: not_the_service` or `bad_answer`)',
    effect: 'none',
    retried: false,
  },
  {
    when: 'a dashboard has a newer version, or one of its title is there (ALREADY_EXISTS)',
    effect: 'none',
    retried: false,
  },
  {
    when: "a change was answered with a 2xx that is not Grafana's (UPSTREAM_5XX, `details.reason: bad_answer` or `bad_json`)",
    effect: 'maybe',
    retried: false,
  },
  {
    when: '`delete_dashboard` finds no dashboard after an attempt that may have deleted it',
    effect: 'none',
    retried: 'it is the success of the call',
  },
  { when: '`call` by GET, HEAD or OPTIONS failed', effect: 'none', retried: 'if `retryable`' },
];
