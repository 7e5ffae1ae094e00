import { expect, it } from '@jest/globals';
import { parsePermissions } from '../../../src/plugins/discovery/parse-permissions.ts';

/** What is read, and where what was reported stands. */
function parse(value: unknown): { readonly read: unknown; readonly faults: readonly string[] } {
  const faults: string[] = [];
  const read = parsePermissions(value, 'permissions', ({ path, value: found }) =>
    faults.push(`${path}: ${JSON.stringify(found)}`),
  );
  return { read, faults };
}

it.each([
  [
    'network',
    ['*', '*:5432', 'db', 'my_service:80', '*.example.com', 'api.example.com:*', '[::1]:6379', '10.0.0.1:80'],
  ],
  ['env', ['HTTPS_PROXY', '_x1']],
  ['fs', { read: ['*', '/', '/srv/a b', '/srv/..data'], write: ['/srv/'] }],
])('every form of %s is taken as it is written', (name, value) => {
  expect(parse({ [name]: value })).toMatchObject({ read: { [name]: value }, faults: [] });
});

it.each(['https://x.com', 'x.com:0', 'x.com:65536', 'a b', 'x.*.com', '*x.com', 'x.com/path', '', '10.0.0.0/8', 7])(
  'what is no pattern of hosts is a fault: %j',
  (host) => {
    expect(parse({ network: ['x.com', host] }).faults).toStrictEqual([
      `permissions.network[1]: ${JSON.stringify(host)}`,
    ]);
  },
);

it.each(['./data', 'data', '/srv/../etc', '/srv/.', '/srv/*', '/srv//x', '~/x', '', 'C:\\x'])(
  'a path that is relative, leads upwards or is a pattern is a fault: %j',
  (path) => {
    expect(parse({ fs: { read: [path], write: ['/x', path] } }).faults).toStrictEqual([
      `permissions.fs.read[0]: ${JSON.stringify(path)}`,
      `permissions.fs.write[1]: ${JSON.stringify(path)}`,
    ]);
  },
);
