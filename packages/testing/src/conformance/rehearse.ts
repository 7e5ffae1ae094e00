import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { ConnectorDescription } from '@automate/contract';
import type { AdapterHealth, JsonObject } from '@automate/sdk';
import { closedPort } from '../closed-port.ts';
import type { ConformanceOptions } from './conformance-options.ts';
import { createCanary, planOpenings } from './opening.ts';
import type { Answer, Code, StepResult } from './probe.ts';
import { openProbe } from './probe.ts';
import { invalidSamples } from './samples.ts';
import type { Seen } from './seen.ts';
import type { WebhookTrial } from './signed-webhooks.ts';
import { trialsOf, withKeys } from './signed-webhooks.ts';
import type { Judged, Opening } from './steps.ts';

/** Milliseconds that each step may take: loading, starting, a check of health or connection, closing. */
export const PATIENCE_MS = 5000;

type Given<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly hung?: true };

/** What an adapter does while nothing answers at its endpoint. */
export interface Rehearsal {
  readonly seen: readonly Seen[];
  /** The author's settings are refused at these paths. */
  readonly refusedSettings: Given<readonly string[]>;
  /** Settings with one fault each, and the paths at which they are refused. */
  readonly wrongSettings: readonly { readonly settings: string; readonly paths: Given<readonly string[]> }[];
  readonly normalizesAnything: Given<void>;
  readonly keepsErrors: Given<void>;
  readonly opened: Given<void>;
  /** Absent where it could not be opened. */
  readonly open?: {
    readonly masksConfig: Given<void>;
    readonly redacts: Given<void>;
    readonly refusesUnsignedWebhook: Given<void>;
    /** By the author's samples. */
    readonly webhooks: readonly (readonly TriedWebhook[])[];
    readonly connect: Given<StepResult<'connect'>>;
    readonly health: Given<AdapterHealth>;
    readonly closed: readonly Given<void>[];
  };
  /** The same, short, at an endpoint that takes connections and never says a word. */
  readonly silent?: { readonly health: Given<AdapterHealth>; readonly closed: Given<void> };
}

/** A webhook that was tried, and what came of it. */
export interface TriedWebhook extends WebhookTrial {
  readonly judged: Given<Judged>;
}

export interface RehearsalOptions {
  readonly code: Code;
  readonly kind: string;
  readonly options: ConformanceOptions;
  readonly description: ConnectorDescription;
}

/** Drives an adapter without a remote system: settings, start, connection, health, close. */
export async function rehearse({ code, kind, options, description }: RehearsalOptions): Promise<Rehearsal> {
  const { openings, canaries } = planOpenings(description, options);
  const profile = createCanary();
  const [plan] = openings;
  const { opening, keys } = withKeys(
    { config: {}, ...plan, secrets: { ...plan?.secrets, conformance: profile } },
    options.webhooks ?? [],
  );
  const secrets = [...canaries, profile];
  await using probe = await openProbe({ code, kind, canaries: secrets }, PATIENCE_MS);
  const seen: Seen[] = [];
  const told = <Name extends Parameters<typeof probe.step>[0]>(answer: Answer<Name>): Given<StepResult<Name>> => {
    seen.push(answer.seen);
    return answer.ok ? { ok: true, value: answer.value } : answer;
  };
  const settings = settingsAt(options.settings ?? opening.settings ?? {}, await closedPort());
  const refusedSettings = told(await probe.step('settings', settings, PATIENCE_MS));
  const wrongSettings: Rehearsal['wrongSettings'][number][] = [];
  for (const wrong of invalidSamples(description.configSchema ?? {}))
    wrongSettings.push({
      settings: JSON.stringify(wrong),
      paths: told(await probe.step('settings', wrong, PATIENCE_MS)),
    });
  const normalizesAnything = told(await probe.step('normalizesAnything', undefined, PATIENCE_MS));
  const keepsErrors = told(await probe.step('keepsErrors', undefined, PATIENCE_MS));
  const at = async (port: number): Promise<Given<void>> =>
    told(await probe.step('open', openingAt(opening, options, port), PATIENCE_MS));
  const opened = await at(await closedPort());
  const base = { seen, refusedSettings, wrongSettings, normalizesAnything, keepsErrors, opened };
  if (!opened.ok) return base;
  const webhooks: TriedWebhook[][] = [];
  for (const [index, sample] of (options.webhooks ?? []).entries()) {
    const tried: TriedWebhook[] = [];
    for (const trial of trialsOf(sample, keys[index] ?? ''))
      tried.push({ ...trial, judged: told(await probe.step('judges', trial, PATIENCE_MS)) });
    webhooks.push(tried);
  }
  const open = {
    webhooks,
    masksConfig: told(await probe.step('masksConfig', secrets, PATIENCE_MS)),
    redacts: told(await probe.step('redacts', profile, PATIENCE_MS)),
    refusesUnsignedWebhook: told(await probe.step('refusesUnsignedWebhook', undefined, PATIENCE_MS)),
    connect: told(await probe.step('connect', undefined, PATIENCE_MS)),
    health: told(await probe.step('health', PATIENCE_MS / 2, PATIENCE_MS)),
    closed: [
      told(await probe.step('close', undefined, PATIENCE_MS)),
      told(await probe.step('close', undefined, PATIENCE_MS)),
    ],
  };
  if (!hasEndpoint(options)) return { ...base, open };
  await using hole = await openBlackHole();
  if (!(await at(hole.port)).ok) return { ...base, open };
  const health = told(await probe.step('health', 500, PATIENCE_MS));
  return { ...base, open, silent: { health, closed: told(await probe.step('close', undefined, PATIENCE_MS)) } };
}

/** Whether the kind has an endpoint: its configuration names a host. */
export function hasEndpoint({ config }: ConformanceOptions): boolean {
  return config?.host !== undefined;
}

/** Stands in settings for the address of the local stand-in. */
const SERVICE = '{service}';

/** An opening at a local stand-in, for kinds that have an endpoint. */
export function openingAt(opening: Opening, options: ConformanceOptions, port: number): Opening {
  const { settings, config } = opening;
  return {
    ...opening,
    ...(settings === undefined ? {} : { settings: settingsAt(settings, port) }),
    config: { ...config, ...(hasEndpoint(options) ? { host: '127.0.0.1', port } : {}) },
  };
}

/** Settings in which `{service}` is the address of the local stand-in. */
export function settingsAt(settings: JsonObject, port: number): JsonObject {
  return JSON.parse(JSON.stringify(settings).replaceAll(SERVICE, `http://127.0.0.1:${port}`)) as JsonObject;
}

/** A server that takes every connection and never says a word. */
async function openBlackHole(): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
