import type { JsonObject } from '@automate/sdk';
import { wholeText } from '@automate/sdk/exchange';
import { z } from 'zod';

const matcherData = z.object({
  name: z.string(),
  value: z.string(),
  isRegex: z.boolean(),
  isEqual: z.boolean().nullish(),
});

const moment = z.iso.datetime({ offset: true });

/** A silence as an Alertmanager sends it. What is new to this package is kept, so that an update does not undo it. */
export const silenceData = z.looseObject({
  id: z.string(),
  status: z.object({ state: z.string() }),
  matchers: z.array(matcherData),
  startsAt: moment,
  endsAt: z.string(),
  updatedAt: z.string(),
  createdBy: z.string(),
  comment: z.string(),
});
type SilenceData = z.output<typeof silenceData>;

const matcherFields = {
  name: wholeText.min(1).describe('Name of the label'),
  value: wholeText.describe('Its value, or a regular expression for the whole of it'),
};

const matcher = z.object({ ...matcherFields, is_regex: z.boolean(), is_equal: z.boolean() });

/** A silence in this package's words. */
export const silence = z.object({
  id: z.string(),
  state: z.string().describe('"active", "pending" or "expired"'),
  matchers: z.array(matcher),
  starts_at: z.string(),
  ends_at: z.string(),
  updated_at: z.string(),
  created_by: z.string(),
  comment: z.string(),
});

export function toSilence(data: SilenceData): z.output<typeof silence> {
  return {
    id: data.id,
    state: data.status.state,
    matchers: data.matchers.map(({ name, value, isRegex, isEqual }) => ({
      name,
      value,
      is_regex: isRegex,
      // Servers before 0.22 know no other.
      is_equal: isEqual ?? true,
    })),
    starts_at: data.startsAt,
    ends_at: data.endsAt,
    updated_at: data.updatedAt,
    created_by: data.createdBy,
    comment: data.comment,
  };
}

/** Becomes part of a path. Alertmanagers know it by its small letters alone. */
export const silenceId = z.guid().toLowerCase().describe('Id of the silence');

const changes = {
  matchers: z
    .array(
      z.strictObject({
        ...matcherFields,
        is_regex: z.boolean().default(false),
        is_equal: z.boolean().default(true).describe('`false`: alerts that do not match'),
      }),
    )
    .min(1)
    .describe('Alerts that match all of these are silenced; at least one must not match an absent label'),
  starts_at: moment.describe('Begin, RFC 3339'),
  ends_at: moment.describe('End, RFC 3339; or give `duration`'),
  duration: z
    .string()
    .regex(/^(\d{1,4}[smhdw]){1,5}$/, 'expected a duration such as "2h" or "1d12h"')
    .describe('End, as a time such as "2h" or "1d12h" from the begin, or from now where that has passed'),
  created_by: wholeText.describe('Who silences'),
  comment: wholeText.describe('Why'),
};

/** What of a silence is to be different. */
export const silenceChanges = z.object(changes).partial().shape;

/** What a silence is to be. */
export const newSilence = {
  ...changes,
  starts_at: changes.starts_at.optional().describe("Begin, RFC 3339. Default: now, by the connector's clock"),
  ends_at: silenceChanges.ends_at,
  duration: silenceChanges.duration,
};

type Changes = z.output<z.ZodObject<typeof silenceChanges>>;

/** A silence as an Alertmanager takes it: what is wanted, over what it was where it is an update. */
export function toPostable(wanted: Changes, before?: SilenceData): JsonObject {
  const { matchers, starts_at, ends_at, duration, created_by, comment } = wanted;
  const startsAt = starts_at ?? before?.startsAt ?? new Date().toISOString();
  const { status: _status, updatedAt: _updatedAt, ...kept } = before ?? {};
  return {
    ...(kept as JsonObject),
    startsAt,
    ...(ends_at === undefined ? {} : { endsAt: ends_at }),
    ...(duration === undefined
      ? {}
      : { endsAt: later(new Date(Math.max(Date.parse(startsAt), Date.now())), duration) }),
    ...(created_by === undefined ? {} : { createdBy: created_by }),
    ...(comment === undefined ? {} : { comment }),
    ...(matchers === undefined
      ? {}
      : {
          matchers: matchers.map(({ name, value, is_regex, is_equal }) => ({
            name,
            value,
            isRegex: is_regex,
            isEqual: is_equal,
          })),
        }),
  };
}

const SECONDS_OF: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

function later(begin: Date, duration: string): string {
  const seconds = [...duration.matchAll(/(\d+)([smhdw])/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (SECONDS_OF[unit] ?? 0),
    0,
  );
  return new Date(begin.getTime() + seconds * 1000).toISOString();
}
