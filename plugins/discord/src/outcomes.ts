import type { OutcomeRule } from '@automate/sdk';

/** What the errors of this kind mean, where that is not what their codes mean everywhere. */
export const outcomes: readonly OutcomeRule[] = [
  {
    when: "a status of 400 to 499 without a code of Discord's own (0, or from 10001 on): a gateway before it answered",
    effect: 'none',
    retried: false,
  },
  {
    when: "404 or 405 with Discord's code 0 to an action other than `call`: the address is not there, UPSTREAM_5XX with `details.reason: bad_answer`, to be mended by the operator",
    effect: 'none',
    retried: false,
  },
  {
    when: 'a webhook of the settings is not there, or its token is refused (CONFIG_INVALID)',
    effect: 'none',
    retried: false,
  },
  {
    when: 'after a limit of all routes (429, from Discord or from Cloudflare before it): no request of the bot is sent until it is over (RATE_LIMITED with `details.reason: held_back`); checks of health ask all the same',
    effect: 'none',
    retried: true,
  },
  { when: 'an answer of success that is not what Discord gives', effect: 'maybe', retried: false },
  {
    when: '`delete_message` finds no message after an attempt that may have deleted it',
    effect: 'none',
    retried: 'it is the success of the call',
  },
];
