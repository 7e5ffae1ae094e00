// Long, as these are the rules for calls, one after the other, each of which only reads what the tour saw.
import assert from 'node:assert/strict';
import { MAX_PAYLOAD_BYTES } from '@automate/contract';
import { findUses } from '../permissions/learn-permissions.ts';
import type { AskedPermissions } from '../permissions/smallest-permissions.ts';
import { askedPermissions, smallestPermissions } from '../permissions/smallest-permissions.ts';
import type { Check, Subject } from './check.ts';
import { NotTried } from './check.ts';
import { describedOf } from './described-of.ts';
import { fitter } from './samples.ts';
import type { Drive, Tour } from './tour.ts';
import { repeatedRequests } from './tour.ts';

/** Methods that change nothing. */
const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What an answer of each status may become. Codes that say more are a kind's own matter where they are none of INTERNAL_ERROR. */
const CODES: Readonly<Record<string, readonly string[]>> = {
  'status 401': ['AUTH_FAILED'],
  'status 403': ['FORBIDDEN', 'AUTH_FAILED'],
  'status 429': ['RATE_LIMITED'],
  'status 500': ['UPSTREAM_5XX'],
  'status 503': ['UPSTREAM_5XX', 'RATE_LIMITED', 'UNAVAILABLE'],
};

/** How long the event loop may be blocked at a time, in milliseconds: far more than a busy machine takes. */
const BLOCKED_MS = 1500;
/** What a call may leave behind for good, in bytes of heap. */
const HEAP_PER_CALL = 2048;

function asksForSome({ network, env, fs, childProcess }: AskedPermissions): boolean {
  return childProcess || [network, env, fs.read, fs.write].some(({ length }) => length > 0);
}

/** What a connector does when it is called. */
export const CALL_CHECKS: readonly Check[] = [
  {
    name: 'drivable',
    title: 'takes the payloads that the schema of each action describes',
    async run(subject) {
      const { undriven } = await tourOf(subject);
      assert.ok(
        undriven.length === 0,
        `${undriven.join(', ')}: none of the payloads made from the JSON Schema is accepted; the schema must say what is asked for, or conformance be given payloads`,
      );
    },
  },
  {
    name: 'unknown-action',
    title: 'refuses an action that it does not have',
    async run(subject) {
      const { unknownAction } = await tourOf(subject);
      if (unknownAction === undefined) return;
      const { open } = await describedOf(subject);
      assert.ok(unknownAction.error !== undefined, 'an action that it does not have was answered');
      if (!open) assert.equal(unknownAction.error.name, 'UnknownActionError');
    },
  },
  {
    name: 'bad-input',
    title: 'refuses a wrong payload with INVALID_INPUT and says what is wrong',
    async run(subject) {
      const { refused, sentForRefused } = await tourOf(subject);
      for (const { action, payload, observed } of refused) {
        const given = `"${action}" given ${JSON.stringify(payload).slice(0, 300)}`;
        assert.ok(observed.error !== undefined, `${given} must be refused`);
        assert.equal(observed.error.code, 'INVALID_INPUT', given);
        assert.ok(observed.error.problems.length > 0, `${given} must name the problems`);
      }
      assert.equal(sentForRefused, 0, 'something was sent to the remote system for payloads that were refused');
    },
  },
  {
    name: 'fits-output',
    title: 'answers what its output schemas describe',
    async run(subject) {
      const { drives } = await tourOf(subject);
      const answered = drives.filter(({ part }) => part === 'answered');
      for (const { action, remote, observed } of answered) {
        if (observed.result === undefined || action.output === undefined) continue;
        assert.ok(
          fitter(action.output)(observed.result),
          `"${action.name}" answered ${JSON.stringify(observed.result).slice(0, 300)} (remote: ${remote}), which is not what its output describes`,
        );
      }
      const never = [...Map.groupBy(answered, ({ action }) => action.name)].filter(
        ([, each]) =>
          each.every(({ observed }) => observed.error !== undefined) &&
          each.some(({ observed }) => observed.error?.reason === 'output_invalid'),
      );
      assert.ok(
        never.length === 0,
        never.map(([name, [drive]]) => `"${name}": ${drive?.observed.error?.message}`).join('; '),
      );
    },
  },
  {
    name: 'plain-json',
    title: 'answers plain JSON',
    async run(subject) {
      for (const { action, observed } of (await tourOf(subject)).drives)
        assert.equal(observed.notJson, undefined, `"${action.name}" answered what is no JSON, at ${observed.notJson}`);
    },
  },
  {
    name: 'bounded-results',
    title: 'answers no more than the host takes',
    async run(subject) {
      for (const { action, observed } of (await tourOf(subject)).drives)
        assert.ok(
          (observed.bytes ?? 0) <= MAX_PAYLOAD_BYTES,
          `"${action.name}" answered ${observed.bytes} bytes; the host takes ${MAX_PAYLOAD_BYTES}: bound it, by pages or by a limit`,
        );
    },
  },
  {
    name: 'honest-effects',
    title: 'changes nothing by actions that are declared free of side effects',
    async run(subject) {
      const excused = subject.options.readsByPost ?? [];
      for (const { action, requests } of (await tourOf(subject)).drives) {
        if (action.sideEffects) continue;
        const changing = requests.find(
          ({ method }) => !READING.has(method) && !(method === 'POST' && excused.includes(action.name)),
        );
        assert.ok(
          changing === undefined,
          `"${action.name}" is declared free of side effects and sent ${changing?.method} ${changing?.path}; a search by POST can be listed as readsByPost`,
        );
      }
    },
  },
  {
    name: 'no-own-retries',
    title: 'sends each request once and leaves retries to the host',
    async run(subject) {
      for (const { action, remote, requests } of (await tourOf(subject)).drives.filter(
        ({ part }) => part === 'failed',
      )) {
        const [again] = repeatedRequests(requests);
        assert.ok(
          again === undefined,
          `"${action.name}" repeated ${again?.method} ${again?.path} by itself after ${remote}`,
        );
      }
    },
  },
  {
    name: 'encodes-paths',
    title: 'encodes what it puts into paths',
    async run(subject) {
      for (const { action, marked, requests } of (await tourOf(subject)).drives.filter(
        ({ part }) => part === 'hostile',
      )) {
        const careless = requests.find(({ target }) => target.includes(marked?.text ?? ''));
        assert.ok(
          careless === undefined,
          `"${action.name}" put "${marked?.member}" as it stands into ${careless?.method} ${careless?.target}; encode it (encodeURIComponent), or list it as sentAsTheyStand`,
        );
      }
    },
  },
  {
    name: 'passes-keys-on',
    title: 'passes idempotency keys on, as it claims',
    concerns: async (subject) =>
      (await subject.description().catch(() => undefined))?.capabilities.idempotencyKey === true,
    async run(subject) {
      for (const { action, marked, observed, requests } of (await tourOf(subject)).drives.filter(
        ({ part }) => part === 'keyed',
      )) {
        // What only greeted a server that does not speak its protocol had nothing to pass on.
        if (observed.error !== undefined && requests.every(({ method }) => READING.has(method))) continue;
        const key = marked?.text ?? '';
        const passed = requests.some(
          ({ target, headers, text }) =>
            target.includes(key) || Object.values(headers).some((value) => value.includes(key)) || text().includes(key),
        );
        assert.ok(
          passed,
          `"${action.name}" was given an idempotency key and sent it nowhere; the capability says that it does (idempotencyKey: false excepts an action)`,
        );
      }
    },
  },
  {
    name: 'heeds-abort',
    title: 'ends its calls when the caller gives up or the deadline passes',
    async run(subject) {
      for (const { action, how, observed } of (await tourOf(subject)).abandoned) {
        assert.equal(
          observed.hung,
          undefined,
          `"${action.name}" went on although ${how === 'cancelled' ? 'its caller gave up' : 'its deadline had passed'}: heed context.signal`,
        );
        assert.notEqual(observed.error?.code, 'INTERNAL_ERROR', `"${action.name}", ${how}: ${observed.error?.message}`);
      }
      for (const { action, observed } of (await tourOf(subject)).drives)
        assert.equal(
          observed.hung,
          undefined,
          `"${action.name}" went on although its deadline had passed: heed context.signal`,
        );
    },
  },
  {
    name: 'never-blocks',
    title: 'leaves the event loop free',
    async run(subject) {
      const { seen, stoppedAt } = await tourOf(subject);
      for (const { at, blockedMs } of seen)
        assert.ok(
          blockedMs < BLOCKED_MS,
          `${at} blocked the event loop for ${blockedMs} ms: everything else of the connector stood still`,
        );
      assert.ok(stoppedAt?.hung !== true, `${stoppedAt?.at} ${stoppedAt?.message}`);
    },
  },
  {
    name: 'error-classes',
    title: 'makes the right error of each HTTP failure',
    async run(subject) {
      for (const { action, remote, observed } of (await tourOf(subject)).drives.filter(
        ({ part }) => part === 'failed',
      )) {
        const what = `"${action.name}" after ${remote}`;
        const code = observed.error?.code;
        const allowed = CODES[remote];
        if (allowed === undefined) {
          assert.notEqual(code, 'INTERNAL_ERROR', `${what}: ${observed.error?.message}`);
          continue;
        }
        assert.ok(code !== undefined, `${what} answered as if nothing had failed`);
        assert.ok(allowed.includes(code), `${what} must fail with ${allowed.join(' or ')}, failed with ${code}`);
        if (code === 'RATE_LIMITED')
          assert.ok((observed.error?.retryAfterMs ?? 0) > 0, `${what} must say how long to wait: Retry-After said 1 s`);
      }
    },
  },
  {
    name: 'coded-errors',
    title: 'throws errors, and says of none that the plugin is at fault',
    async run(subject) {
      for (const { action, remote, observed } of (await tourOf(subject)).drives) {
        const { error } = observed;
        if (error === undefined) continue;
        assert.equal(error.thrown, undefined, `"${action.name}" threw a ${error.thrown} (remote: ${remote}), no error`);
        if (error.reason !== 'output_invalid')
          assert.notEqual(error.code, 'INTERNAL_ERROR', `"${action.name}" (remote: ${remote}): ${error.message}`);
      }
    },
  },
  {
    name: 'healthy-when-refused',
    title: 'is not healthy while its credentials are refused',
    async run(subject) {
      const { health, healthRefused, healthAsks } = await tourOf(subject);
      // What asks nothing over HTTP is not refused anything either.
      if (health?.status === 'healthy' && healthRefused !== undefined && healthAsks === true)
        assert.equal(healthRefused.status, 'unhealthy', 'the remote system answers 401 to everything');
    },
  },
  ...(['result', 'error', 'details'] as const).map((place): Check => ({
    name: `secrets-in-${place}`,
    title: `shows no secret in ${{ result: 'results', error: 'messages of errors', details: 'details of errors' }[place]}`,
    async run(subject) {
      const tour = await tourOf(subject);
      const all: readonly Pick<Drive, 'action' | 'observed'>[] = [...tour.drives, ...tour.abandoned];
      const leak = all.find(({ observed }) => observed.leaks.includes(place));
      assert.ok(leak === undefined, `"${leak?.action.name}" shows a secret of its configuration in its ${place}`);
    },
  })),
  ...(['log', 'console'] as const).map((place): Check => ({
    name: `secrets-in-${place}`,
    title: `writes no secret to ${{ log: 'its log', console: 'the console' }[place]}`,
    async run(subject) {
      const leak = (await seenOf(subject)).find(({ leaks }) => leaks.includes(place));
      assert.ok(leak === undefined, `a secret of its configuration was written to the ${place}, ${leak?.at}`);
    },
  })),
  {
    name: 'silent-console',
    title: 'logs by its logger and leaves the console alone',
    async run(subject) {
      const wrote = (await seenOf(subject)).find(({ console: lines }) => lines.length > 0);
      assert.ok(wrote === undefined, `${wrote?.at} wrote to the console: ${wrote?.console[0]?.slice(0, 200)}`);
    },
  },
  {
    name: 'no-environment',
    title: 'reads no environment variables that its manifest does not name',
    async run(subject) {
      const granted = grantedVariables(subject);
      const read = (await seenOf(subject))
        .flatMap(({ environment }) => environment)
        .filter((name) => !granted.includes(name));
      assert.ok(
        read.length === 0,
        `process.env: ${[...new Set(read)].join(', ')}; a connector is given its configuration, and sees no variable`,
      );
    },
  },
  {
    name: 'used-permissions',
    title: 'asks for no permission that nothing uses',
    concerns: ({ manifest, kind, code }) => 'entry' in code && asksForSome(askedPermissions(manifest, kind)),
    async run(subject) {
      const { kind, manifest, options } = subject;
      const { connections } = await tourOf(subject);
      const { network, ...others } = askedPermissions(manifest, kind);
      // What else it uses is only seen where it is driven anew.
      const uses = asksForSome({ ...others, network: [] }) ? await findUses(subject) : [];
      const { judged } = smallestPermissions({ ...others, network: [] }, uses);
      const elsewhere: readonly string[] = options.usedElsewhere ?? [];
      const unused = [
        ...(connections > 0 ? [] : network.map((value) => ({ permission: 'network', value }))),
        ...judged.filter(({ state }) => state === 'unused'),
      ]
        .filter(({ permission }) => !elsewhere.includes(permission))
        .map(({ permission, value }) => `${permission}: ${value}`);
      assert.ok(
        unused.length === 0,
        `${unused.join(', ')}: take it out of the manifest's permissions, or say in conformance.json what is used elsewhere (usedElsewhere)`,
      );
    },
  },
  {
    name: 'handles-failures',
    title: 'leaves no failure unhandled and does not end its thread',
    async run(subject) {
      const { stoppedAt } = await tourOf(subject);
      const unhandled = (await seenOf(subject)).find((seen) => seen.unhandled.length > 0);
      assert.ok(
        unhandled === undefined,
        `${unhandled?.at} left a failure that nobody handles: ${unhandled?.unhandled[0]?.slice(0, 500)}`,
      );
      assert.ok(stoppedAt?.died !== true, `${stoppedAt?.at}: ${stoppedAt?.message}`);
    },
  },
  {
    name: 'globals',
    title: 'leaves the globals alone',
    async run(subject) {
      const { newGlobals } = await tourOf(subject);
      assert.ok(newGlobals.length === 0, `it added ${newGlobals.join(', ')}`);
    },
  },
  {
    name: 'lets-go',
    title: 'leaves nothing open after close',
    // In the thread of a test runner its own timers and memory come in between.
    concerns: ({ code }) => 'entry' in code,
    async run(subject) {
      const { left } = await tourOf(subject);
      assert.ok(left.length === 0, `after close these still keep its thread alive: ${left.join(', ')}`);
    },
  },
  {
    name: 'no-leaks',
    title: 'keeps nothing of its calls',
    // In the thread of a test runner its own timers and memory come in between.
    concerns: ({ code }) => 'entry' in code,
    async run(subject) {
      const { growth, stoppedAt } = await subject.endurance();
      if (stoppedAt !== undefined) throw new NotTried(`${stoppedAt.at}: ${stoppedAt.message}`);
      if (growth === undefined) return;
      const { resources, heapBytesPerCall, listeners, connections, calls } = growth;
      assert.ok(resources.length === 0, `over ${calls / 2} calls there came more of ${resources.join(', ')}`);
      assert.ok(connections <= 64, `after ${calls} calls, one after the other, ${connections} connections are open`);
      assert.ok(listeners < 8, `over ${calls / 2} calls ${listeners} listeners were added to the process`);
      assert.ok(
        calls < 200 || heapBytesPerCall < HEAP_PER_CALL,
        `each call leaves ${heapBytesPerCall} bytes of heap behind`,
      );
    },
  },
];

/** The tour, unless it did not get as far as its first call. */
async function tourOf(subject: Subject): Promise<Tour> {
  const tour = await subject.tour();
  const at = tour.stoppedAt?.at;
  if (at === 'described' || at === 'starting' || at === 'connecting')
    throw new NotTried(`it does not start: ${tour.stoppedAt?.message}`);
  return tour;
}

async function seenOf(subject: Subject): Promise<Tour['seen']> {
  const { seen } = await subject.rehearsal();
  return [...(await subject.tour()).seen, ...seen.map((each) => ({ ...each, at: 'starting and closing' }))];
}

function grantedVariables({ manifest, kind }: Subject): readonly unknown[] {
  const connectors = (
    manifest as { automate?: { connectors?: Record<string, { permissions?: { env?: unknown } }> } } | undefined
  )?.automate?.connectors;
  const env = connectors?.[kind]?.permissions?.env;
  return Array.isArray(env) ? env : [];
}
