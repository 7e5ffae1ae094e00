import { NO_PERMISSIONS } from '@automate/contract';
import type { PermissionSet } from '@automate/contract';
import { describe, expect, it } from '@jest/globals';
import { decideGrants, findUnusedGrants, grantedSet } from '../../src/plugins/grants.ts';

const PACKAGE = '@acme/connector-x';

const set = (given: Partial<PermissionSet>): PermissionSet => ({ ...NO_PERMISSIONS, ...given });
const network = (...values: string[]): PermissionSet => set({ network: values });
const read = (...values: string[]): PermissionSet => set({ fs: { read: values, write: [] } });

function granted(asked: PermissionSet, given: PermissionSet, pattern = PACKAGE): unknown {
  return decideGrants(PACKAGE, { kind: 'x', permissions: asked }, { [pattern]: given }).map(
    (permission) => permission.granted,
  );
}

describe('what of a permission is granted', () => {
  it.each([
    // What is asked for by its name: whole, or not at all.
    [network('api.x.com:443'), network('api.x.com:443'), [['api.x.com:443']]],
    [network('API.x.com:443'), network('api.X.com:443'), [['API.x.com:443']]],
    [network('api.x.com:443'), network('*.x.com'), [['api.x.com:443']]],
    [network('api.x.com:443'), network('*'), [['api.x.com:443']]],
    [network('api.x.com:443'), network('*:443'), [['api.x.com:443']]],
    [network('api.x.com:443'), network('api.x.com:80'), [[]]],
    [network('x.com:443'), network('*.x.com:443'), [[]]],
    [network('evilx.com:443'), network('*.x.com:443'), [[]]],
    [network('[::1]:443'), network('[::1]'), [['[::1]:443']]],
    [network('a:1', 'b:1'), network('b:1'), [[], ['b:1']]],
    // A pattern may be granted in part, and then that part is all.
    [network('*'), network('db.internal:5432', 'other'), [['db.internal:5432', 'other']]],
    [network('*:5432'), network('db.internal:5432', 'db.internal:80'), [['db.internal:5432']]],
    [network('api.x.com'), network('api.x.com:443'), [['api.x.com:443']]],
    [network('*.x.com'), network('a.x.com', '*.b.x.com', 'x.com'), [['a.x.com', '*.b.x.com']]],
    [network('*'), network(), [[]]],
    // Files.
    [read('/etc/ssl/certs'), read('/etc/ssl'), [['/etc/ssl/certs']]],
    [read('/etc/ssl/certs'), read('/etc/ssl/'), [['/etc/ssl/certs']]],
    [read('/etc/ssl'), read('/'), [['/etc/ssl']]],
    [read('/etc/ssl'), read('/etc/ssl/certs'), [[]]],
    [read('/etc/sslx'), read('/etc/ssl'), [[]]],
    [read('*'), read('/srv/data', '/srv/more'), [['/srv/data', '/srv/more']]],
    [read('/srv'), set({ fs: { read: [], write: ['/srv'] } }), [[]]],
    // Names.
    [set({ env: ['A', 'B'] }), set({ env: ['B', 'C'] }), [[], ['B']]],
    [set({ childProcess: true }), set({ childProcess: true }), [['true']]],
    [set({ childProcess: true }), network('*'), [[]]],
  ])('%j of %j is %j', (asked, given, expected) => {
    expect(granted(asked, given)).toStrictEqual(expected);
  });

  it('is by pattern of package names, all that match together', () => {
    expect(granted(network('a:1'), network('*'), '@acme/*')).toStrictEqual([['a:1']]);
    expect(granted(network('a:1'), network('*'), '@other/*')).toStrictEqual([[]]);
    const decided = decideGrants(
      PACKAGE,
      { kind: 'x', permissions: set({ network: ['a:1'], env: ['T'], childProcess: true }) },
      { '*': network('a:1', 'b:1'), [PACKAGE]: set({ env: ['T', 'U'] }) },
    );
    expect(grantedSet(decided)).toStrictEqual(set({ network: ['a:1'], env: ['T'] }));
  });
});

it('a grant that nobody asks for is found, whoever it is for', () => {
  const kinds = [
    {
      packageName: PACKAGE,
      permissions: decideGrants(PACKAGE, { kind: 'x', permissions: network('*.x.com', 'db:1') }, {}),
    },
  ];
  const unused = (pattern: string, given: PermissionSet): readonly string[] =>
    findUnusedGrants({ [pattern]: given }, kinds);
  expect(unused(PACKAGE, network('a.x.com', '*', 'db:1'))).toStrictEqual([]);
  expect(unused('@acme/*', set({ network: ['other:1'], childProcess: true }))).toStrictEqual([
    'grants: { "@acme/*": { network: ["other:1"] } }',
    'grants: { "@acme/*": { child_process: true } }',
  ]);
  expect(unused('@acme/mistyped', read('/srv'))).toStrictEqual([
    'grants: { "@acme/mistyped": { fs: { read: ["/srv"] } } }',
  ]);
});
