import assert from 'node:assert/strict';
import type { Check, Subject } from './check.ts';
import { NotTried } from './check.ts';
import { describedOf } from './described-of.ts';
import type { Rehearsal } from './rehearse.ts';
import { hasEndpoint } from './rehearse.ts';

/** How long a webhook may be judged, in milliseconds. */
const SOON_MS = 1_000;

/** What a connector makes of its settings and secrets, how it starts, and what it does while nothing answers. */
export const START_CHECKS: readonly Check[] = [
  {
    name: 'settings-accepted',
    title: 'accepts the settings it is tested with',
    async run(subject) {
      const refused = valueOf((await subject.rehearsal()).refusedSettings);
      assert.deepEqual([...refused], [], 'these settings are refused');
    },
  },
  {
    name: 'settings-refused',
    title: 'refuses wrong settings and says where',
    async run(subject) {
      for (const { settings, paths } of (await subject.rehearsal()).wrongSettings) {
        const refused = valueOf(paths);
        assert.ok(refused.length > 0, `settings ${settings} must be refused`);
        for (const path of refused) assert.match(path, /^settings/);
      }
    },
  },
  {
    name: 'starts',
    title: 'starts and connects in time',
    async run(subject) {
      const { opened } = await subject.rehearsal();
      assert.ok(opened.ok || opened.hung !== true, `initialize ${opened.ok ? '' : opened.message}`);
      const { stoppedAt } = await subject.tour();
      if (stoppedAt?.at === 'starting' || stoppedAt?.at === 'connecting')
        assert.fail(`${stoppedAt.at === 'starting' ? 'initialize' : 'connect'}: ${stoppedAt.message}`);
    },
  },
  {
    name: 'discovers',
    title: 'learns its actions from its remote system, the same ones each time',
    concerns: async (subject) => (await describedOf(subject)).discovery !== undefined,
    async run(subject) {
      const { learned, learnedAgain, leftOut, stoppedAt } = await subject.tour();
      if (stoppedAt?.at === 'discovering its actions') assert.fail(`discoverActions: ${stoppedAt.message}`);
      if (stoppedAt?.at === 'starting' || stoppedAt?.at === 'connecting')
        throw new NotTried(`it does not start: ${stoppedAt.message}`);
      assert.ok(
        learned.length > 0,
        `it found no action; conformance.json must give it settings, or mcpTools, with which there are some${leftOut.length === 0 ? '' : ` (left out: ${leftOut.join('; ')})`}`,
      );
      if (stoppedAt === undefined)
        assert.deepEqual(learnedAgain, learned, 'asked again, the same remote system made other actions');
    },
  },
  {
    name: 'masked-config',
    title: 'shows no secret of its configuration',
    run: async (subject) => valueOf((await openOf(subject)).masksConfig),
  },
  {
    name: 'redacts',
    title: 'takes secrets out of data: by key and by value',
    run: async (subject) => valueOf((await openOf(subject)).redacts),
  },
  {
    name: 'errors-from-anything',
    title: 'makes a connector error of anything thrown',
    run: async (subject) => valueOf((await subject.rehearsal()).normalizesAnything),
  },
  {
    name: 'keeps-errors',
    title: 'leaves connector errors as they are',
    run: async (subject) => valueOf((await subject.rehearsal()).keepsErrors),
  },
  {
    name: 'not-connected',
    title: 'says that it is not connected when nothing answers at its endpoint',
    concerns: ({ options }) => hasEndpoint(options),
    async run(subject) {
      const { connect } = await openOf(subject);
      assert.ok(connect.ok, `connect must end when nothing answers: it ${connect.ok ? '' : connect.message}`);
      if ('connected' in connect.value) assert.equal(connect.value.connected, false);
      else
        assert.notEqual(
          connect.value.code,
          'INTERNAL_ERROR',
          `connect must not fail with a fault of its own: ${connect.value.message}`,
        );
    },
  },
  {
    name: 'health',
    title: 'reports its health in time, in words',
    async run(subject) {
      const { health } = await openOf(subject);
      const { status, message, details } = valueOf(health);
      assert.ok(message.length > 0, 'a health check says something');
      if (!hasEndpoint(subject.options)) return;
      assert.equal(status, 'unhealthy', 'nothing answers at the endpoint');
      assert.notEqual(
        details?.['code'],
        'TIMEOUT',
        'a check at a port that refuses connections at once must end at once, it waited for its time-out',
      );
      const { silent } = await subject.rehearsal();
      if (silent !== undefined)
        assert.equal(valueOf(silent.health).status, 'unhealthy', 'what answers at the endpoint never says a word');
    },
  },
  {
    name: 'closes',
    title: 'closes, also twice and without having connected',
    async run(subject) {
      for (const closed of (await openOf(subject)).closed) valueOf(closed);
      const { silent } = await subject.rehearsal();
      if (silent !== undefined) valueOf(silent.closed);
      const { stoppedAt } = await subject.tour();
      assert.ok(stoppedAt?.at.startsWith('closing') !== true, `close ${stoppedAt?.message}`);
    },
  },
  {
    name: 'unsigned-webhooks',
    title: 'does not believe a webhook that nobody signed',
    run: async (subject) => valueOf((await openOf(subject)).refusesUnsignedWebhook),
  },
  {
    name: 'signed-webhooks',
    title: 'believes a webhook as its remote system signs it, soon, and nothing that was changed',
    concerns: ({ options: { webhooks = [] } }) => webhooks.length > 0,
    async run(subject) {
      for (const tried of (await openOf(subject)).webhooks) {
        for (const { what, genuine, judged } of tried) {
          const said = genuine ? 'must be believed' : 'must not be believed';
          assert.equal(valueOf(judged).genuine, genuine, `a webhook ${what} ${said}`);
        }
        const sent = tried.filter(({ genuine }) => genuine).map(({ judged }) => valueOf(judged));
        const [id, ...others] = sent.map((judged) => judged.id);
        for (const other of others)
          assert.equal(
            other,
            id,
            'a webhook that is sent again must have the id that it had, or it is delivered twice',
          );
        const soonest = Math.min(...sent.map(({ tookMs }) => tookMs));
        assert.ok(soonest < SOON_MS, `verifyWebhook took ${soonest} ms: remote systems wait for three seconds`);
      }
    },
  },
];

type Given<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

function valueOf<T>(given: Given<T>): T {
  if (given.ok) return given.value;
  throw new assert.AssertionError({ message: given.message });
}

async function openOf(subject: Subject): Promise<NonNullable<Rehearsal['open']>> {
  const { open, opened } = await subject.rehearsal();
  if (open !== undefined) return open;
  throw new NotTried(opened.ok ? 'it was not opened' : `it does not start: ${opened.message}`);
}
