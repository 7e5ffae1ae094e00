import { action, InvalidInputError } from '@automate/sdk';
import { textMap } from '@automate/sdk/exchange';
import { z } from 'zod';
import { alert, alertData, toAlert } from './alerts.ts';
import type { Ask, AskAlertmanager } from './ask-alertmanager.ts';
import { askAlertmanager } from './ask-alertmanager.ts';
import { newSilence, silence, silenceChanges, silenceData, silenceId, toPostable, toSilence } from './silences.ts';

const filter = z.array(z.string().min(1)).optional();
const limit = z.int().positive().optional();
const truncated = z.boolean().describe('Whether the limit has cut the answer');

const alertFilter = z.strictObject({
  filter: filter.describe('Matchers that must all hold: `severity="critical"`, `job=~"api|web"`, `team!=""`'),
  receiver: z.string().min(1).optional().describe('Regular expression for the whole name of a receiver'),
  active: z.boolean().default(true).describe('`false` leaves out alerts that nothing keeps quiet'),
  silenced: z.boolean().default(true).describe('`false` leaves out silenced alerts'),
  inhibited: z.boolean().default(true).describe('`false` leaves out alerts that others inhibit'),
});

const groupData = z.object({
  labels: textMap,
  receiver: z.object({ name: z.string() }),
  alerts: z.array(alertData),
});
const group = z.object({ labels: textMap, receiver: z.string(), alerts: z.array(alert) });

const posted = z.object({ silenceID: z.string().min(1) });
/** Alertmanager says nothing, Grafana's a message. */
const ended = z.looseObject({}).optional();

const FEWER_ALERTS = 'fewer alerts, by `filter` or `receiver`';
const FEWER_SILENCES = 'fewer silences, by `filter`';

/**
 * The actions of a kind that has Alertmanagers.
 *
 * @param ask how the Alertmanager of a call is asked
 * @param extra fields that every input has besides, for `ask` to read
 */
export function alertmanagerActions(ask: AskAlertmanager, extra: z.ZodRawShape) {
  function define<I extends z.ZodObject, O extends z.ZodType>(definition: {
    readonly description: string;
    readonly input: I;
    readonly output: O;
    readonly changes?: 'repeatable' | 'once';
    readonly run: (payload: z.output<I>, ask: Ask) => Promise<z.input<O>>;
  }) {
    const { description, input, output, changes, run } = definition;
    return action({
      description,
      input: input.safeExtend(extra),
      output,
      sideEffects: changes !== undefined,
      idempotent: changes !== 'once',
      run: (payload, { http }) =>
        run(payload as z.output<I>, (request, schema) => ask(http, request, schema, payload)) as never,
    });
  }

  return {
    list_alerts: define({
      description: 'Lists the alerts that the Alertmanager holds, with what keeps them quiet.',
      input: alertFilter.extend({ limit: limit.describe('Most alerts of the answer') }),
      output: z.object({ alerts: z.array(alert), truncated }),
      async run({ limit: most = Infinity, ...query }, asked) {
        const all = await askAlertmanager(asked, { path: '/api/v2/alerts', query }, z.array(alertData), FEWER_ALERTS);
        return { alerts: all.slice(0, most).map(toAlert), truncated: all.length > most };
      },
    }),
    list_alert_groups: define({
      description: 'Lists alerts as they are grouped for their receivers.',
      input: alertFilter.extend({ limit: limit.describe('Most groups of the answer') }),
      output: z.object({ groups: z.array(group), truncated }),
      async run({ limit: most = Infinity, ...query }, asked) {
        const all = await askAlertmanager(
          asked,
          { path: '/api/v2/alerts/groups', query },
          z.array(groupData),
          FEWER_ALERTS,
        );
        const groups = all.slice(0, most).map(({ labels, receiver, alerts }) => ({
          labels,
          receiver: receiver.name,
          alerts: alerts.map(toAlert),
        }));
        return { groups, truncated: all.length > most };
      },
    }),
    list_silences: define({
      description: 'Lists the silences, those that have expired lately included.',
      input: z.strictObject({
        filter: filter.describe('Matchers that silences must have, as they were written: `alertname="Slow"`'),
        state: z.enum(['active', 'pending', 'expired']).optional().describe('Only silences in this state'),
        limit: limit.describe('Most silences of the answer'),
      }),
      output: z.object({ silences: z.array(silence), truncated }),
      async run({ filter: matchers, state, limit: most = Infinity }, asked) {
        const request = { path: '/api/v2/silences', query: { filter: matchers } };
        const all = await askAlertmanager(asked, request, z.array(silenceData), FEWER_SILENCES);
        const wanted = all.filter(({ status }) => state === undefined || status.state === state);
        return { silences: wanted.slice(0, most).map(toSilence), truncated: wanted.length > most };
      },
    }),
    get_silence: define({
      description: 'Gives one silence.',
      input: z.strictObject({ id: silenceId }),
      output: silence,
      run: async ({ id }, asked) => toSilence(await readSilence(asked, id)),
    }),
    create_silence: define({
      description: 'Silences the alerts that match; twice the same makes two silences.',
      input: z
        .strictObject(newSilence)
        .refine(({ ends_at, duration }) => (ends_at === undefined) !== (duration === undefined), {
          error: 'expected either ends_at or duration',
          path: ['ends_at'],
        }),
      output: z.object({ id: z.string() }),
      changes: 'once',
      async run(wanted, asked) {
        const request = { method: 'POST', path: '/api/v2/silences', json: toPostable(wanted) } as const;
        return { id: (await asked(request, posted)).silenceID };
      },
    }),
    update_silence: define({
      description:
        'Changes a silence that has not expired. Where it cannot be changed as it is, such as by other matchers, the Alertmanager ends it and makes a new one.',
      input: z
        .strictObject({ id: silenceId, ...silenceChanges })
        .refine(({ ends_at, duration }) => ends_at === undefined || duration === undefined, {
          error: 'expected at most one of ends_at and duration',
          path: ['ends_at'],
        }),
      output: z.object({
        id: z.string().describe('Id of the silence as it is now'),
        replaced: z.boolean().describe('Whether the Alertmanager made a new silence and ended the one of the given id'),
      }),
      // Once replaced, the silence of the given id has expired.
      changes: 'once',
      async run({ id, ...changes }, asked) {
        const before = await readSilence(asked, id);
        if (before.status.state === 'expired') {
          throw new InvalidInputError(`the silence ${id} has expired; create a new one`, {
            details: { reason: 'silence_expired' },
          });
        }
        const request = { method: 'POST', path: '/api/v2/silences', json: toPostable(changes, before) } as const;
        const { silenceID } = await asked(request, posted);
        return { id: silenceID, replaced: silenceID !== id };
      },
    }),
    expire_silence: define({
      description: 'Ends a silence now; one that has expired stays so.',
      input: z.strictObject({ id: silenceId }),
      output: z.object({ expired: z.literal(true) }),
      changes: 'repeatable',
      async run({ id }, asked) {
        await asked({ method: 'DELETE', path: `/api/v2/silence/${id}` }, ended);
        return { expired: true as const };
      },
    }),
  };
}

function readSilence(ask: Ask, id: string): Promise<z.output<typeof silenceData>> {
  return askAlertmanager(ask, { path: `/api/v2/silence/${id}` }, silenceData, FEWER_SILENCES);
}
