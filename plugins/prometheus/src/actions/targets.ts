import { z } from 'zod';
import { labels, remarks } from '../outputs.ts';
import type { PrometheusApi } from '../prometheus-api.ts';
import { readAction } from '../read-action.ts';

const output = z.object({
  active: z.array(
    z.object({
      labels,
      discovered_labels: labels,
      scrape_pool: z.string(),
      scrape_url: z.string(),
      global_url: z.string().optional(),
      health: z.string().describe('"up", "down" or "unknown"'),
      last_error: z.string(),
      last_scrape: z.string(),
      last_scrape_duration_seconds: z.number(),
      scrape_interval: z.string().optional(),
      scrape_timeout: z.string().optional(),
    }),
  ),
  dropped: z.array(z.object({ discovered_labels: labels })),
  ...remarks,
});

const targetsData = z.object({
  activeTargets: z
    .array(
      z.object({
        labels,
        discoveredLabels: labels,
        scrapePool: z.string(),
        scrapeUrl: z.string(),
        globalUrl: z.string().optional(),
        health: z.string(),
        lastError: z.string(),
        lastScrape: z.string(),
        lastScrapeDuration: z.number(),
        scrapeInterval: z.string().optional(),
        scrapeTimeout: z.string().optional(),
      }),
    )
    .nullish(),
  droppedTargets: z.array(z.object({ discoveredLabels: labels })).nullish(),
});

/** What the server scrapes. */
export const targets = (api: PrometheusApi) =>
  readAction(api, {
    description: 'Lists the targets that the server scrapes or has dropped, with health and last error.',
    input: {
      state: z.enum(['active', 'dropped', 'any']).default('any').describe('Which targets'),
      scrape_pool: z.string().min(1).optional().describe('Only the targets of this scrape pool'),
    },
    output,
    narrow: 'one `state` (dropped targets are often most of them) or one `scrape_pool`',
    async run({ state, scrape_pool }, ask) {
      const { data, remarks: rest } = await ask({
        path: '/api/v1/targets',
        params: { state, scrapePool: scrape_pool },
        data: targetsData,
      });
      const active = (data.activeTargets ?? []).map((target) => ({
        labels: target.labels,
        discovered_labels: target.discoveredLabels,
        scrape_pool: target.scrapePool,
        scrape_url: target.scrapeUrl,
        ...(target.globalUrl === undefined ? {} : { global_url: target.globalUrl }),
        health: target.health,
        last_error: target.lastError,
        last_scrape: target.lastScrape,
        last_scrape_duration_seconds: target.lastScrapeDuration,
        ...(target.scrapeInterval === undefined ? {} : { scrape_interval: target.scrapeInterval }),
        ...(target.scrapeTimeout === undefined ? {} : { scrape_timeout: target.scrapeTimeout }),
      }));
      return {
        // Servers that do not know the parameter send all pools.
        active: scrape_pool === undefined ? active : active.filter((target) => target.scrape_pool === scrape_pool),
        dropped: (data.droppedTargets ?? []).map((target) => ({ discovered_labels: target.discoveredLabels })),
        ...rest,
      };
    },
  });
