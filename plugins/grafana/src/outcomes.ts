import type { OutcomeRule } from '@automate/sdk';

/** What goes wrong with calls in particular; actions that read never have an effect. */
export const outcomes: readonly OutcomeRule[] = [
  {
    when: 'Grafana has no such dashboard, folder, silence or data source: its own 404 with a message (NOT_FOUND)',
    effect: 'none',
    retried: false,
  },
  {
    when: "a 404 of something in front of Grafana: a page, no word at all, or a gateway's own message (UPSTREAM_5XX, `details.reason: not_the_service` or `bad_answer`)",
    effect: 'none',
    retried: false,
  },
  {
    when: 'a gateway before Grafana lets `/api/org` through and refuses another path by 404 with JSON and a `message`: it cannot be told from Grafana, which has no header or form of its own for that (NOT_FOUND)',
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
    when: '`delete_dashboard` or `delete_folder` finds nothing after an attempt that may have deleted it',
    effect: 'none',
    retried: 'it is the success of the call',
  },
  {
    when: "the Alertmanager of Grafana's organization is starting, 409 (UPSTREAM_5XX)",
    effect: 'none',
    retried: true,
  },
  {
    when: 'a silence to be changed has expired (INVALID_INPUT, `details.reason: silence_expired`), or could not be read',
    effect: 'none',
    retried: 'if `retryable`',
  },
  { when: '`call` by GET, HEAD or OPTIONS failed', effect: 'none', retried: 'if `retryable`' },
];
