import type { JsonObject } from '@automate/sdk';
import { startConnector } from '@automate/testing';
import { afterEach, beforeEach } from '@jest/globals';
import GrafanaAdapter from '../src/grafana-adapter.ts';
import type { GrafanaStandIn } from './grafana-stand-in.ts';
import { startGrafana, TOKEN } from './grafana-stand-in.ts';

/** The stand-in of the test that runs; each has its own. */
export let grafana: GrafanaStandIn;
const running: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  grafana = await startGrafana();
});
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
  await grafana.close();
});

/** A connector to it, closed after the test. */
export async function start({
  url = grafana.url,
  token = TOKEN,
  settings = {},
}: { readonly url?: string; readonly token?: string; readonly settings?: JsonObject } = {}) {
  const config = { auth: { type: 'bearer', token } } as const;
  const connector = await startConnector(GrafanaAdapter, { url, config, settings });
  running.push(connector);
  return connector;
}
