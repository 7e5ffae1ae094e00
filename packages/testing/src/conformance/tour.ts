// Long, as it is one journey: each part finds the adapter as the one before has left it.
import type { ActionDescription, ConnectorDescription } from '@automate/contract';
import { isDeepStrictEqual } from 'node:util';
import type { AdapterHealth, JsonObject, JsonValue } from '@automate/sdk';
import { isJsonObject } from '@automate/sdk';
import type { FakeReply, RecordedRequest } from '../fake-service.ts';
import { FakeService } from '../fake-service.ts';
import type { ConformanceOptions } from './conformance-options.ts';
import type { Observed } from './observed.ts';
import { planOpenings } from './opening.ts';
import type { Answer, Code, Probe, StepResult } from './probe.ts';
import { openProbe } from './probe.ts';
import { openingAt, PATIENCE_MS } from './rehearse.ts';
import { invalidSamples, validSample, validSamples } from './samples.ts';
import type { Seen } from './seen.ts';
import { speakMcp } from './speak-mcp.ts';
import type { Call, Growth, Opening, StepName } from './steps.ts';

/** How the remote system behaved during one call. */
export type Remote = 'fitting' | 'echo' | 'empty' | 'large' | 'silent' | `status ${number}`;

/** One call of an action, what came of it and what was sent meanwhile. */
export interface Drive {
  readonly part: 'answered' | 'failed' | 'hostile' | 'keyed';
  readonly action: ActionDescription;
  readonly payload: JsonObject;
  readonly remote: Remote;
  readonly observed: Observed;
  readonly requests: readonly RecordedRequest[];
  /** The member of the payload that holds what must be encoded, or the key that must be passed on. */
  readonly marked?: { readonly member: string; readonly text: string };
}

/** One call that ended otherwise than by its own work. */
export interface Abandoned {
  readonly action: ActionDescription;
  readonly how: 'cancelled' | 'deadline';
  readonly observed: Observed;
}

/** One call with a payload that its schema does not describe. */
export interface Refused {
  readonly action: string;
  readonly payload: JsonObject;
  readonly observed: Observed;
}

/** Everything that was seen of an adapter which a remote system answers. */
export interface Tour {
  /** Where it came to an end before its time. */
  readonly stoppedAt?: {
    readonly at: string;
    readonly message: string;
    readonly hung: boolean;
    readonly died: boolean;
  };
  readonly descriptionAgain?: ConnectorDescription;
  readonly connect?: StepResult<'connect'>;
  /** Of the actions that it learned from the remote system, those that are called; and why others are none. */
  readonly learned: readonly ActionDescription[];
  readonly learnedAgain: readonly ActionDescription[];
  readonly leftOut: readonly string[];
  /** Health while the remote answers 200, and while it answers 401. */
  readonly health?: AdapterHealth;
  readonly healthRefused?: AdapterHealth;
  /** Whether the check of health sent a request. */
  readonly healthAsks?: boolean;
  readonly drives: readonly Drive[];
  readonly abandoned: readonly Abandoned[];
  readonly refused: readonly Refused[];
  /** Requests that were sent for payloads that had to be refused. */
  readonly sentForRefused: number;
  readonly unknownAction?: Observed;
  /** Actions none of whose generated payloads their own schema took. */
  readonly undriven: readonly string[];
  /** Members of payloads that a schema turned into something else: `action.member`. */
  readonly transformed: readonly string[];
  readonly growth?: Growth & { readonly connections: number };
  readonly seen: readonly (Seen & { readonly at: string })[];
  /** What kept its thread alive after it was closed. */
  readonly left: readonly string[];
  readonly newGlobals: readonly string[];
  /** Connections that it made at all. */
  readonly connections: number;
}

export interface TourOptions {
  readonly code: Code;
  readonly kind: string;
  readonly options: ConformanceOptions;
  readonly description: ConnectorDescription;
  /** Only calls it a thousand times. Default: all the rest. */
  readonly soaking?: boolean;
}

/** Milliseconds of one call that is answered. */
const CALL_MS = 2000;
/** Milliseconds that a call which nobody answers gets, and after which its caller gives up. */
const SHORT_MS = 300;
/** What a step of calls may take besides: the host's own patience, and a blocked event loop that comes free again. */
const SLACK_MS = 8000;
const STATUSES = [400, 401, 403, 404, 409, 500, 503, 429] as const;
/** Actions of one remote system that are called: a document may have thousands. */
const MOST_LEARNED = 12;
const SOAK_CALLS = 1000;
const SOAK_MS = 2000;
/** What a careless path would take for a query. */
const HOSTILE = 'mk?r=1';
const LARGE = JSON.stringify({ text: 'x'.repeat(5 * 1024 * 1024) });

class Stopped extends Error {
  readonly stoppedAt: NonNullable<Tour['stoppedAt']>;

  constructor(stoppedAt: NonNullable<Tour['stoppedAt']>) {
    super(stoppedAt.message);
    this.stoppedAt = stoppedAt;
  }
}

/** Starts an adapter in a thread of its own at a local remote system that answers in many ways, and calls all of its actions. */
export async function takeTour(options: TourOptions): Promise<Tour> {
  await using remote = await FakeService.start();
  const found: Found = {
    drives: [],
    abandoned: [],
    refused: [],
    learned: [],
    learnedAgain: [],
    leftOut: [],
    undriven: [],
    transformed: [],
    seen: [],
    left: [],
    newGlobals: [],
    sentForRefused: 0,
    connections: 0,
  };
  try {
    await travel(options, remote, found);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    found.stoppedAt = error.stoppedAt;
  }
  return { ...found, connections: remote.accepted };
}

type Found = { -readonly [Key in keyof Tour]: Tour[Key] extends readonly (infer Item)[] ? Item[] : Tour[Key] };

async function travel(
  { code, kind, options, description, soaking = false }: TourOptions,
  remote: FakeService,
  found: Found,
): Promise<void> {
  const { openings, canaries } = planOpenings(description, options);
  await using probe = await openProbe({ code, kind, canaries }, PATIENCE_MS);
  const note = (at: string, seen: Seen): void => void found.seen.push({ ...seen, at });
  /** A step that the rest cannot do without. */
  const must = async <Name extends StepName>(
    at: string,
    name: Name,
    argument: Parameters<Probe['step']>[1],
    withinMs: number = PATIENCE_MS,
  ): Promise<StepResult<Name>> => {
    const answer: Answer<Name> = await probe.step(name, argument, withinMs);
    note(at, answer.seen);
    if (answer.ok) return answer.value;
    throw new Stopped({ at, message: answer.message, hung: answer.hung === true, died: answer.died === true });
  };
  const answers = { reply: (_request: RecordedRequest): FakeReply => ({ json: {} }) };
  remote.on('*', /^/, (request) => answers.reply(request));
  const behave = (how: Remote, action: ActionDescription | undefined): void => {
    const fitting = how === 'fitting' ? fittingAnswer(action, options) : {};
    const { mcpTools, routes = {} } = options;
    answers.reply = (request) => {
      const given = routes[`${request.method} ${request.path}`];
      if (given !== undefined) return { json: given };
      const otherwise = replyOf(how, fitting, request);
      return mcpTools === undefined ? otherwise : speakMcp(request, { how, tools: mcpTools, otherwise });
    };
    remote.clearRequests();
  };
  const call = async (each: Call, at: string): Promise<Observed> => {
    const [observed] = await must(at, 'calls', [each], each.timeoutMs + SLACK_MS);
    if (observed === undefined) throw new Error('a call was not observed');
    return observed;
  };

  const discovers = description.discovery !== undefined;
  const open = async (): Promise<readonly ActionDescription[]> => {
    behave('fitting', undefined);
    await start(must, probe, openings, { port: remote.endpoint.port, options, note, found });
    if (!discovers) return [];
    const { actions, leftOut } = await must<'discover'>('discovering its actions', 'discover', undefined);
    found.leftOut = leftOut.map(({ name, reason }) => `${name}: ${reason}`);
    const own = new Set(description.actions.map(({ name }) => name));
    return someOf(actions.filter(({ name }) => !own.has(name)));
  };
  found.descriptionAgain = await must('described', 'describe', undefined);
  found.learned = [...(await open())];
  const actions = [...description.actions, ...found.learned];
  const { connect } = found;

  if (connect !== undefined) {
    found.health = await must('checking its health', 'health', CALL_MS, PATIENCE_MS);
    behave('status 401', undefined);
    found.healthRefused = await must('checking its health', 'health', CALL_MS, PATIENCE_MS);
    found.healthAsks = remote.requests.length > 0;
  }

  const driven: { readonly action: ActionDescription; readonly payload: JsonObject }[] = [];
  for (const action of actions) {
    const payload = await acceptedPayload(action, options, must, found);
    if (payload === undefined) found.undriven.push(action.name);
    else driven.push({ action, payload });
  }

  if (soaking) {
    const quick = driven.filter(({ action }) => !action.sideEffects);
    const soaked = (quick.length > 0 ? quick : driven).slice(0, 3);
    if (soaked.length > 0) found.growth = await soak(soaked, { must, behave, remote });
    return;
  }

  for (const { action, payload } of driven) {
    const at = `calling "${action.name}"`;
    for (const how of ['fitting', 'echo', 'empty', 'large'] as const) {
      if (how === 'large' && action.sideEffects) continue;
      behave(how, action);
      const observed = await call({ action: action.name, payload, timeoutMs: CALL_MS }, at);
      found.drives.push({ part: 'answered', action, payload, remote: how, observed, requests: [...remote.requests] });
      // What sends nothing is not answered in another way either.
      if (remote.requests.length === 0) break;
    }
  }
  for (const status of STATUSES)
    for (const { action, payload } of driven.filter(({ action: { name } }) => sends(found, name))) {
      behave(`status ${status}`, action);
      const observed = await call({ action: action.name, payload, timeoutMs: CALL_MS }, `calling "${action.name}"`);
      found.drives.push({
        part: 'failed',
        action,
        payload,
        remote: `status ${status}`,
        observed,
        requests: [...remote.requests],
      });
    }
  // A new one, as the last answers of the old one told it to wait.
  behave('fitting', undefined);
  await must('closing', 'close', undefined);
  found.learnedAgain = [...(await open())];

  for (const { action, payload } of driven)
    for (const { member, marked } of hostilePayloads(action, payload, options)) {
      const { accepted } = await must('checking payloads', 'accepts', { action: action.name, payload: marked });
      if (!accepted) continue;
      behave('fitting', action);
      const observed = await call(
        { action: action.name, payload: marked, timeoutMs: CALL_MS },
        `calling "${action.name}"`,
      );
      found.drives.push({
        part: 'hostile',
        action,
        payload: marked,
        remote: 'fitting',
        observed,
        requests: [...remote.requests],
        marked: { member, text: HOSTILE },
      });
    }
  if (description.capabilities.idempotencyKey)
    for (const { action, payload } of driven.filter(
      ({ action: each }) => each.sideEffects && each.idempotencyKey !== false,
    )) {
      const text = `conformance-${action.name.replaceAll('_', '-')}`.slice(0, 24);
      behave('fitting', action);
      const observed = await call(
        { action: action.name, payload, timeoutMs: CALL_MS, idempotencyKey: text },
        `calling "${action.name}"`,
      );
      found.drives.push({
        part: 'keyed',
        action,
        payload,
        remote: 'fitting',
        observed,
        requests: [...remote.requests],
        marked: { member: 'idempotency_key', text },
      });
    }

  behave('fitting', undefined);
  if (!description.open)
    for (const { name, input } of actions) {
      const payloads = invalidSamples(input);
      const calls = payloads.map((payload): Call => ({ action: name, payload, timeoutMs: CALL_MS }));
      const observed = await must(`calling "${name}"`, 'calls', calls, CALL_MS + SLACK_MS);
      found.refused.push(
        ...observed.map((each, index) => ({ action: name, payload: payloads[index] ?? {}, observed: each })),
      );
    }
  found.sentForRefused = remote.requests.length;
  found.unknownAction = await call(
    { action: UNKNOWN_ACTION, payload: {}, timeoutMs: CALL_MS },
    'calling an unknown action',
  );

  behave('silent', undefined);
  for (const how of ['cancelled', 'deadline'] as const) {
    const bounds =
      how === 'cancelled' ? { timeoutMs: 10 * SHORT_MS, cancelAfterMs: SHORT_MS } : { timeoutMs: SHORT_MS };
    const calls = driven.map(({ action, payload }): Call => ({ action: action.name, payload, ...bounds }));
    const observed = await must('calling what nobody answers', 'calls', calls, bounds.timeoutMs + SLACK_MS);
    found.abandoned.push(
      ...driven.flatMap(({ action }, index) => {
        const each = observed[index];
        return each === undefined ? [] : [{ action, how, observed: each }];
      }),
    );
  }

  await must('closing', 'close', undefined);
  await must('closing twice', 'close', undefined);
  found.left.push(...(await must('looking what is left', 'left', 1500)));
  found.newGlobals.push(...(await must('looking what is left', 'globals', undefined)));
}

/** Of many actions as many as can be called in some seconds, from all of the list. */
function someOf(actions: readonly ActionDescription[]): readonly ActionDescription[] {
  const step = Math.max(1, actions.length / MOST_LEARNED);
  return Array.from(
    { length: Math.min(actions.length, MOST_LEARNED) },
    (_, index) => actions[Math.floor(index * step)],
  ).filter((action) => action !== undefined);
}

const UNKNOWN_ACTION = 'no_such_action_of_a_conformance_test';

type Must = <Name extends StepName>(
  at: string,
  name: Name,
  argument: never,
  withinMs?: number,
) => Promise<StepResult<Name>>;

interface StartOptions {
  readonly port: number;
  readonly options: ConformanceOptions;
  readonly note: (at: string, seen: Seen) => void;
  readonly found: Found;
}

/** Starts it in the first way that it takes. */
async function start(
  must: Must,
  probe: Probe,
  openings: readonly Opening[],
  { port, options, note, found }: StartOptions,
): Promise<void> {
  for (const [index, opening] of openings.entries()) {
    const last = index === openings.length - 1;
    const given = openingAt(opening, options, port);
    const answer = await probe.step('open', given, PATIENCE_MS);
    note('starting', answer.seen);
    if (!answer.ok && (last || answer.hung === true || answer.died === true))
      throw new Stopped({
        at: 'starting',
        message: answer.message,
        hung: answer.hung === true,
        died: answer.died === true,
      });
    if (!answer.ok) continue;
    found.connect = await must('connecting', 'connect', undefined as never);
    if (
      last ||
      !('code' in found.connect) ||
      !['CONFIG_INVALID', 'INVALID_INPUT', 'AUTH_FAILED'].includes(found.connect.code)
    )
      return;
    await must('closing', 'close', undefined as never);
  }
}

function sends(found: Found, action: string): boolean {
  return found.drives.some((drive) => drive.action.name === action && drive.requests.length > 0);
}

/** The first payload that the action's own schema takes, which may ask for more than its JSON Schema says. */
async function acceptedPayload(
  action: ActionDescription,
  options: ConformanceOptions,
  must: Must,
  found: Found,
): Promise<JsonObject | undefined> {
  const given = options.payloads?.[action.name];
  for (const payload of given === undefined ? validSamples(action.input) : [given]) {
    if (!isJsonObject(payload)) continue;
    const { accepted, changed } = await must('checking payloads', 'accepts', { action: action.name, payload } as never);
    if (!accepted) continue;
    found.transformed.push(...changed.map((member) => `${action.name}.${member}`));
    return payload;
  }
  return undefined;
}

/** The payload with one text member after the other that must be encoded wherever it goes into a path. */
function hostilePayloads(
  action: ActionDescription,
  payload: JsonObject,
  { sentAsTheyStand = [] }: ConformanceOptions,
): readonly { readonly member: string; readonly marked: JsonObject }[] {
  return Object.entries(payload).flatMap(([member, value]) =>
    typeof value === 'string' && !sentAsTheyStand.includes(`${action.name}.${member}`)
      ? [{ member, marked: { ...payload, [member]: HOSTILE } }]
      : [],
  );
}

interface SoakOptions {
  readonly must: Must;
  readonly behave: (how: Remote, action: ActionDescription | undefined) => void;
  readonly remote: FakeService;
}

/** A thousand calls, or as many as fit into some seconds. */
async function soak(
  driven: readonly { readonly action: ActionDescription; readonly payload: JsonObject }[],
  { must, behave, remote }: SoakOptions,
): Promise<NonNullable<Tour['growth']>> {
  behave('empty', undefined);
  const calls = driven.map(({ action, payload }): Call => ({ action: action.name, payload, timeoutMs: CALL_MS }));
  const growth = await must(
    'calling a thousand times',
    'soak',
    { calls, times: SOAK_CALLS, withinMs: SOAK_MS } as never,
    SOAK_MS * 10,
  );
  return { ...growth, connections: remote.connections };
}

function replyOf(how: Remote, fitting: JsonValue, request: RecordedRequest): FakeReply {
  switch (how) {
    case 'fitting':
      return { json: fitting };
    case 'echo':
      return { json: { method: request.method, path: request.path, text: request.text().slice(0, 1000) } };
    case 'empty':
      return { json: {} };
    case 'large':
      return { text: LARGE, headers: { 'content-type': 'application/json' } };
    case 'silent':
      return { drop: 'never' };
    default: {
      const status = Number(how.slice('status '.length));
      return {
        status,
        json: { error: 'said by a conformance test' },
        ...(status === 429 ? { headers: { 'retry-after': '1' } } : {}),
      };
    }
  }
}

function fittingAnswer(action: ActionDescription | undefined, { answers = {} }: ConformanceOptions): JsonValue {
  const given = action === undefined || !Object.hasOwn(answers, action.name) ? undefined : answers[action.name];
  const answer = given ?? (action?.output === undefined ? {} : validSample(action.output));
  // Null is an answer.
  return answer === undefined ? {} : answer;
}

/** Requests of one call that were sent more than once, word by word. */
export function repeatedRequests(requests: readonly RecordedRequest[]): readonly RecordedRequest[] {
  return requests.filter((request, index) =>
    requests
      .slice(0, index)
      .some(
        (before) =>
          before.method === request.method &&
          before.target === request.target &&
          isDeepStrictEqual(before.body, request.body),
      ),
  );
}
