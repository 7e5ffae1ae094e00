import { textMap } from '@automate/sdk/exchange';
import { z } from 'zod';

const names = z.array(z.string()).nullish();

/** An alert as an Alertmanager sends it. */
export const alertData = z.object({
  labels: textMap,
  annotations: textMap.nullish(),
  startsAt: z.string(),
  endsAt: z.string(),
  updatedAt: z.string(),
  generatorURL: z.string().nullish(),
  fingerprint: z.string(),
  receivers: z.array(z.object({ name: z.string() })).nullish(),
  status: z.object({ state: z.string(), silencedBy: names, inhibitedBy: names, mutedBy: names }),
});

/** An alert in this package's words. */
export const alert = z.object({
  labels: textMap,
  annotations: textMap,
  state: z.string().describe('"active", "suppressed" or "unprocessed"'),
  silenced_by: z.array(z.string()).describe('Ids of the silences that keep it quiet'),
  inhibited_by: z.array(z.string()).describe('Fingerprints of the alerts that keep it quiet'),
  muted_by: z.array(z.string()).optional().describe('Names of the time intervals that keep it quiet'),
  receivers: z.array(z.string()),
  starts_at: z.string(),
  ends_at: z.string(),
  updated_at: z.string(),
  fingerprint: z.string(),
  generator_url: z.string().optional(),
});

export function toAlert({ status, ...data }: z.output<typeof alertData>): z.output<typeof alert> {
  return {
    labels: data.labels,
    annotations: data.annotations ?? {},
    state: status.state,
    silenced_by: status.silencedBy ?? [],
    inhibited_by: status.inhibitedBy ?? [],
    ...(status.mutedBy?.length ? { muted_by: status.mutedBy } : {}),
    receivers: (data.receivers ?? []).map(({ name }) => name),
    starts_at: data.startsAt,
    ends_at: data.endsAt,
    updated_at: data.updatedAt,
    fingerprint: data.fingerprint,
    ...(data.generatorURL ? { generator_url: data.generatorURL } : {}),
  };
}
