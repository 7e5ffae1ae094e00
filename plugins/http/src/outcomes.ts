import type { OutcomeRule } from '@automate/sdk';

/** What failures of the network and answers mean for `request`; `get` never has an effect, whatever happens. */
export const outcomes: readonly OutcomeRule[] = [
  {
    when: 'the service cannot be reached: refused, unknown name, proxy away (TRANSIENT_NETWORK)',
    effect: 'none',
    retried: true,
  },
  {
    when: 'its certificate is not trusted, or ours is refused (TRANSIENT_NETWORK, AUTH_FAILED)',
    effect: 'none',
    retried: false,
  },
  { when: 'the time was over before there was a connection (TIMEOUT)', effect: 'none', retried: true },
  {
    when: 'the connection broke, or the time was over, once the request could be on its way (TRANSIENT_NETWORK, TIMEOUT)',
    effect: 'maybe',
    retried: true,
  },
  { when: '429, or held back by an earlier Retry-After (RATE_LIMITED)', effect: 'none', retried: true },
  { when: '425, too early (UPSTREAM_5XX)', effect: 'none', retried: true },
  { when: 'any other 4xx but 408: the service refused', effect: 'none', retried: false },
  { when: '408, 5xx (TIMEOUT, UPSTREAM_5XX)', effect: 'maybe', retried: true },
  { when: '501, 505 (UPSTREAM_5XX)', effect: 'maybe', retried: false },
  {
    when: 'a 2xx whose body is too large, packed or encoded unreadably, or not the JSON that it says (UPSTREAM_5XX)',
    effect: 'maybe',
    retried: false,
  },
  { when: 'a redirect that is not followed (UPSTREAM_5XX)', effect: 'maybe', retried: false },
  { when: 'anything at the address that a 303 after a change led to', effect: 'maybe', retried: 'as its code says' },
];
