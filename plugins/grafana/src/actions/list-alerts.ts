import { action } from '@automate/sdk';
import { textMap as texts } from '@automate/sdk/exchange';
import { z } from 'zod';
import type { GrafanaApi } from '../grafana-api.ts';

const input = z.strictObject({
  folder_uid: z.string().min(1).optional().describe('Only of this folder'),
  group: z.string().min(1).optional().describe('Only of this rule group'),
});

const rule = z.object({
  uid: z.string(),
  title: z.string(),
  folder_uid: z.string(),
  group: z.string(),
  for: z.string().describe('How long the condition must hold, e.g. `5m`'),
  is_paused: z.boolean(),
  labels: texts,
  annotations: texts,
  no_data_state: z.string(),
  error_state: z.string(),
  updated: z.string().optional(),
});

const output = z.object({ alerts: z.array(rule) });

const answer = z.array(
  z.object({
    uid: z.string(),
    title: z.string(),
    folderUID: z.string(),
    ruleGroup: z.string(),
    for: z.string(),
    isPaused: z.boolean().optional(),
    labels: texts.nullish(),
    annotations: texts.nullish(),
    noDataState: z.string(),
    execErrState: z.string(),
    updated: z.string().optional(),
  }),
);

function toRule(data: z.output<typeof answer>[number]): z.output<typeof rule> {
  return {
    uid: data.uid,
    title: data.title,
    folder_uid: data.folderUID,
    group: data.ruleGroup,
    for: data.for,
    is_paused: data.isPaused ?? false,
    labels: data.labels ?? {},
    annotations: data.annotations ?? {},
    no_data_state: data.noDataState,
    error_state: data.execErrState,
    ...(data.updated === undefined ? {} : { updated: data.updated }),
  };
}

/** Alert rules. */
export const listAlerts = (grafana: GrafanaApi) =>
  action({
    description: 'Lists the alert rules, of all folders or of one.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run({ folder_uid, group }, { http }) {
      const all = await grafana.ask(http, { path: '/api/v1/provisioning/alert-rules' }, answer);
      const wanted = all.filter(
        (candidate) =>
          (folder_uid === undefined || candidate.folderUID === folder_uid) &&
          (group === undefined || candidate.ruleGroup === group),
      );
      return { alerts: wanted.map(toRule) };
    },
  });
