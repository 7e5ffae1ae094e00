import type { OutcomeRule } from '@automate/sdk';

/** What the errors of this kind mean, where that is not what their codes mean everywhere. */
export const outcomes: readonly OutcomeRule[] = [
  {
    when: 'no connection: the gateway cannot be reached, is not ready, does not let us in or speaks another protocol',
    effect: 'none',
    retried: 'if `retryable`',
  },
  {
    when: 'the gateway refused a request (`INVALID_REQUEST`, `FORBIDDEN`, `NOT_PAIRED`, a missing scope)',
    effect: 'none',
    retried: false,
  },
  {
    when: 'the gateway could not do it (`UNAVAILABLE`, `AGENT_TIMEOUT` or an unknown code), UPSTREAM_5XX',
    effect: 'maybe',
    retried: 'if the gateway says so: actions that may be repeated, and calls with an idempotency key',
  },
  {
    when: "a run failed or was stopped, its model's time-out included, UPSTREAM_5XX with `details.reason: run_failed`",
    effect: 'maybe',
    retried: false,
  },
  {
    when: "the call's own time was over before the run was (TIMEOUT), or its caller gave up: the run is stopped",
    effect: 'maybe',
    retried: false,
  },
  {
    when: 'the same with `stop_on_timeout: false`: the run goes on',
    effect: 'maybe',
    retried: 'after a TIMEOUT with an idempotency key, which finds the same run',
  },
  {
    when: 'the connection was lost after the request was sent, TRANSIENT_NETWORK with `details.reason: connection_lost`',
    effect: 'maybe',
    retried: 'actions that may be repeated, and calls with an idempotency key',
  },
  {
    when: "a page in the gateway's place, UPSTREAM_5XX with `details.reason: not_the_service`, to be mended by the operator",
    effect: 'none',
    retried: false,
  },
  {
    when: "an answer in another form than the gateway's, UPSTREAM_5XX with `details.reason: bad_answer`",
    effect: 'maybe',
    retried: false,
  },
];
