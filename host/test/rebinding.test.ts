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
      const refused = (id: string, rule: string, came: readonly string[] = []) =>
        expect.objectContaining({
          ...{ id, code: 'FORBIDDEN', effect: 'none', blame: 'operator', reason: 'network_policy', rule },
          came,
        });
      expect(results).toEqual([
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
    },
  );
});
