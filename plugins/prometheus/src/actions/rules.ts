import { z } from 'zod';
import { alert, alertData, toAlert } from '../alert.ts';
import { labels, remarks } from '../outputs.ts';
import type { PrometheusApi } from '../prometheus-api.ts';
import { readAction } from '../read-action.ts';

const shared = { name: z.string(), query: z.string(), health: z.string() };

const rule = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('alerting'),
    ...shared,
    state: z.string().describe('"inactive", "pending" or "firing"'),
    duration_seconds: z.number(),
    labels,
    annotations: labels,
    alerts: z.array(alert),
    last_error: z.string().optional(),
    last_evaluation: z.string(),
    evaluation_seconds: z.number(),
  }),
  z.object({
    type: z.literal('recording'),
    ...shared,
    labels,
    last_error: z.string().optional(),
    last_evaluation: z.string(),
    evaluation_seconds: z.number(),
  }),
]);

const output = z.object({
  groups: z.array(z.object({ name: z.string(), file: z.string(), interval_seconds: z.number(), rules: z.array(rule) })),
  ...remarks,
});

const sharedData = {
  ...shared,
  labels: labels.nullish(),
  lastError: z.string().nullish(),
  lastEvaluation: z.string(),
  evaluationTime: z.number(),
};

const ruleData = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('alerting'),
    ...sharedData,
    state: z.string(),
    duration: z.number(),
    annotations: labels.nullish(),
    alerts: z.array(alertData).nullish(),
  }),
  z.object({ type: z.literal('recording'), ...sharedData }),
]);

const rulesData = z.object({
  groups: z.array(
    z.object({ name: z.string(), file: z.string().default(''), interval: z.number(), rules: z.array(ruleData) }),
  ),
});

function toRule(data: z.output<typeof ruleData>): z.output<typeof rule> {
  const common = {
    name: data.name,
    query: data.query,
    health: data.health,
    labels: data.labels ?? {},
    ...(data.lastError === undefined || data.lastError === null ? {} : { last_error: data.lastError }),
    last_evaluation: data.lastEvaluation,
    evaluation_seconds: data.evaluationTime,
  };
  if (data.type === 'recording') return { type: 'recording', ...common };
  return {
    type: 'alerting',
    ...common,
    state: data.state,
    duration_seconds: data.duration,
    annotations: data.annotations ?? {},
    alerts: (data.alerts ?? []).map(toAlert),
  };
}

/** Alerting and recording rules with their groups. */
export const rules = (api: PrometheusApi) =>
  readAction(api, {
    description: 'Lists the alerting and recording rules that are loaded, with state and health.',
    input: {
      type: z.enum(['alert', 'record']).optional().describe('Only alerting or only recording rules'),
      group: z.string().min(1).optional().describe('Only rules of the groups with this name'),
    },
    output,
    narrow: 'one `type` or one `group`',
    async run({ type, group: name }, ask) {
      const params = { type, 'rule_group[]': name };
      const answer = await ask({ path: '/api/v1/rules', params, data: rulesData });
      // Servers before 2.47 do not know the parameter and send all groups.
      const groups = answer.data.groups.filter((group) => name === undefined || group.name === name);
      return {
        groups: groups.map((group) => ({
          name: group.name,
          file: group.file,
          interval_seconds: group.interval,
          rules: group.rules.map(toRule),
        })),
        ...answer.remarks,
      };
    },
  });
