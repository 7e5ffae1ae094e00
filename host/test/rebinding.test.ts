import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const PROGRAM = join(import.meta.dirname, 'fixtures', 'named-addresses.mjs');
const PUBLIC = '203.0.113.10';

/** Of users too, so that nobody has to be root; where that is refused, root may do without. */
const WAYS = [
  ['--user', '--map-root-user', '--net', '--mount', '--'],
  ['--net', '--mount', '--'],
];
const TRY = 'ip link set lo up && mount --bind /etc/hosts /etc/hosts';
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}:/usr/sbin:/sbin` };
const way = WAYS.find((args) => spawnSync('unshare', [...args, 'sh', '-c', TRY], { env }).status === 0);

/** One call: what came of it, and the addresses at which a connection was seen. */
interface Said {
  readonly id: string;
  readonly status?: number;
  readonly code?: string;
  readonly effect?: string;
  readonly blame?: string;
  readonly reason?: string;
  readonly rule?: string;
  readonly came: readonly string[];
}

// A network of its own is not to be had everywhere; the other tests of the policy need none.
const isPossible = way !== undefined && existsSync('/etc/nsswitch.conf');
(isPossible ? describe : describe.skip)('names that are answered by a server', () => {
  it.each(['thread', 'process', 'restricted'])(
    'lead a connector in a %s nowhere that is denied, whatever they are answered with when',
    async (level) => {
      const { stdout } = await promisify(execFile)('unshare', [...(way ?? []), process.execPath, PROGRAM, level], {
        env,
      });
      const { results, asked } = JSON.parse(stdout) as {
        readonly results: readonly Said[];
        readonly asked: Readonly<Record<string, number>>;
      };
      const refused = (id: string, rule: string, came: readonly string[] = [], effect = 'none') =>
        expect.objectContaining({
          ...{ id, code: 'FORBIDDEN', effect, blame: 'operator', reason: 'network_policy', rule },
          came,
        });
      const first = results.findIndex(({ id }) => id === 'net 1');
      const turning = results.slice(first);
      expect(results.slice(0, first)).toEqual([
        expect.objectContaining({ id: 'steady', status: 200, came: [PUBLIC] }),
        // It connects first, at the public address; the call itself looks the name up once more.
        refused('rebound', 'private', [PUBLIC]),
        refused('rebound', 'private'),
        refused('rebound-meta', 'metadata', [PUBLIC]),
        refused('rebound-meta', 'metadata'),
        refused('both', 'private'),
        refused('both-turned', 'private'),
        refused('private', 'private'),
        refused('meta', 'metadata'),
        refused('pg', 'private'),
        refused('redis', 'private'),
        expect.objectContaining({ id: 'steady', reason: 'redirect_refused', came: [PUBLIC] }),
        refused('fetching', 'private', [PUBLIC]),
        refused('fetching', 'private', [PUBLIC]),
      ]);
      expect(asked).toMatchObject({ 'rebound.test A': 3, 'both.test A': 1 });
      for (const way of ['net', 'tls', 'http', 'https', 'http2', 'fetch', 'WebSocket', 'dgram'])
        expect(turning.find(({ id }) => id === `${way} 2`)).toEqual(
          // It says nothing of why it failed, so that what the call did before is not known.
          refused(`${way} 2`, 'loopback', [], way === 'WebSocket' ? 'maybe' : 'none'),
        );
      for (const kind of ['http', 'postgres', 'mysql', 'redis', 's3'])
        expect(turning.find(({ id }) => id === `${kind} driver 3`)).toEqual(refused(`${kind} driver 3`, 'loopback'));
      // Each had got as far as the first answer, of which nobody sees a datagram; none as far as the second.
      const came = turning.filter(({ id }) => id.endsWith(' 1') && id !== 'dgram 1').map((said) => said.came);
      expect(came).toEqual(Array.from({ length: 12 }, () => [PUBLIC]));
      expect(new Set(turning.flatMap((said) => said.came))).toEqual(new Set([PUBLIC]));
    },
  );
});
