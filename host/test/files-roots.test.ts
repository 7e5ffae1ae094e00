// Long, as one host with six kinds is what every way to a file is tried on.
import { existsSync, linkSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { ConnectorConfigInput, ConnectorError, JsonObject } from '@automate/contract';
import { toWireConfig } from '@automate/contract/schemas';
import type { PluginSandbox } from '@automate/testing';
import { MIGRATIONS } from '../dist/store/migrations.js';
import type { SandboxHostOptions } from './fixtures/sandbox-host.ts';
import { SandboxHost } from './fixtures/sandbox-host.ts';

const PLUGINS = join(import.meta.dirname, '..', '..', 'plugins');

/** A kind of a stranger's, whose paths stand where a schema can hide them. */
const KEEPER = `
import { ConnectorAdapter } from '@automate/sdk';
const path = { type: 'string', 'x-local-path': 'file' };
const jsonSchema = {
  type: 'object',
  $defs: { store: { type: 'object', properties: { at: path } } },
  properties: {
    plain: path,
    many: { type: 'array', items: path },
    either: { anyOf: [{ type: 'number' }, { allOf: [path] }] },
    named: { type: 'object', additionalProperties: path },
    store: { $ref: '#/$defs/store' },
    found: { type: 'string' },
  },
};
export default class Keeper extends ConnectorAdapter {
  name = 'keeper';
  version = '1.0.0';
  configSchema = { jsonSchema, schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } } };
  initialize(context) { this.given = context; }
  async connect() { return true; }
  async execute(action, payload) {
    const { settings, files } = this.given;
    if (action === 'settings') return settings;
    if (action === 'tls') return this.given.config.tls;
    if (action === 'locate') return files.locate(payload.path, { field: 'settings.found' });
    return files.locate(payload.path, { field: 'file', within: [settings.plain] });
  }
}
`;

describe('files of the host', () => {
  let directory: string;
  beforeEach(() => {
    directory = realpathSync(mkdtempSync(join(tmpdir(), 'automate-roots-')));
    for (const name of ['granted', 'secrets', 'elsewhere']) mkdirSync(join(directory, name), { mode: 0o700 });
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const open = (options: SandboxHostOptions & { readonly roots?: readonly string[] } = {}): Promise<SandboxHost> => {
    const { roots = ['granted'], yaml = '' } = options;
    const listed = roots.map((root) => JSON.stringify(join(directory, root))).join(', ');
    return SandboxHost.open({
      kinds: [],
      ...options,
      yaml: `plugins: { scan: all }\nfiles: { roots: [${listed}] }\n${yaml}`,
      env: { SECRETS_DIR: join(directory, 'secrets') },
      flags: { dataDir: join(directory, 'data'), ...options.flags },
      prepare: async (sandbox: PluginSandbox) => {
        for (const kind of ['sqlite', 'redis', 'postgres', 'mysql', 's3', 'http'])
          await sandbox.linkPackage(`@automate/connector-${kind}`, join(PLUGINS, kind));
        await sandbox.addConnector({ kind: 'keeper', source: KEEPER });
        await options.prepare?.(sandbox);
      },
    });
  };
  const at = (...parts: string[]): string => join(directory, ...parts);
  const makeDatabase = (file: string): void => {
    const database = new DatabaseSync(file);
    database.exec('CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES (1)');
    database.close();
  };

  const doors: Readonly<Record<string, (host: SandboxHost, config: ConnectorConfigInput) => Promise<unknown>>> = {
    'in process': ({ service }, config) => service.register(config),
    'over gRPC': async ({ host }, config) => {
      const service = await connect({ address: host.grpcAddress ?? '' });
      try {
        return await service.register(config);
      } finally {
        await service.close();
      }
    },
    'over REST': async ({ host }, config) => {
      const response = await fetch(`${host.httpAddress}/api/v1/connectors`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(toWireConfig(config)),
      });
      const body = (await response.json()) as { readonly detail: string };
      if (!response.ok) throw Object.assign(new Error(body.detail), body);
      return body;
    },
  };

  describe.each(Object.keys(doors))('registrations %s', (door) => {
    const register = (host: SandboxHost, config: ConnectorConfigInput): Promise<unknown> =>
      (doors[door] as (typeof doors)[string])(host, config);

    it("cannot open the host's own database, nor make one anywhere, without a grant", async () => {
      await using host = await open({ roots: [] });
      for (const settings of [
        { directory: at('data'), file: 'connectors.db' },
        { directory: at('elsewhere'), file: 'new.db', create: true },
        { directory: directory, file: 'data/connectors.db' },
        { directory: '/proc/self/cwd', file: 'x.db', create: true },
      ] as readonly JsonObject[])
        await expect(register(host, { id: 'thief', kind: 'sqlite', settings })).rejects.toMatchObject({
          code: 'INVALID_INPUT',
          problems: [{ path: 'settings.directory', message: expect.stringMatching(/operator.*files\.roots/) }],
        });
      expect(existsSync(at('elsewhere', 'new.db'))).toBe(false);
      expect(await host.service.list()).toEqual([]);
    });

    it('may use what the operator granted', async () => {
      makeDatabase(at('granted', 'notes.db'));
      await using host = await open();
      await register(host, { id: 'notes', kind: 'sqlite', settings: { directory: at('granted'), file: 'notes.db' } });
      await expect(
        host.service.execute({ id: 'notes', action: 'query', payload: { sql: 'SELECT * FROM notes' } }),
      ).resolves.toMatchObject({ result: { rows: [{ text: '1' }] } });
    });

    it('do not learn which files there are', async () => {
      await using host = await open();
      const answers = await Promise.all(
        ['/etc/passwd', '/etc/no-such-file', at('data', 'connectors.db'), at('data', 'nothing')].map((file) =>
          register(host, { id: 'peeper', kind: 'http', host: '127.0.0.1', tls: { caFile: file } }).then(
            () => 'accepted',
            (error: ConnectorError) => error.message.replaceAll(file, 'FILE'),
          ),
        ),
      );
      expect(new Set(answers).size).toBe(1);
      expect(answers[0]).toMatch(/tls\.ca_file.*FILE.*files\.roots/);
    });
  });

  it('are out of reach even where a root holds them', async () => {
    await using host = await open({ roots: ['.'] });
    linkSync(at('data', 'connectors.db'), at('granted', 'innocent.db'));
    symlinkSync(at('data'), at('granted', 'way'));
    for (const [settings, path] of [
      [{ directory: at('data'), file: 'connectors.db' }, 'settings.directory'],
      [{ directory: directory, file: 'data/connectors.db' }, 'settings.file'],
      [{ directory: at('granted'), file: 'innocent.db' }, 'settings.file'],
      [{ directory: at('granted', 'way'), file: 'connectors.db' }, 'settings.directory'],
      [{ directory: at('secrets'), file: 'x.db', create: true }, 'settings.directory'],
    ] as const)
      await expect(host.service.register({ id: 'thief', kind: 'sqlite', settings })).rejects.toMatchObject({
        problems: [{ path, message: expect.stringMatching(/host's own files/) }],
      });
    const config = join(host.sandbox.root, 'config', 'connectors.yaml');
    linkSync(config, at('granted', 'config.yaml'));
    await expect(
      host.service.register({ id: 'reader', kind: 'keeper', settings: { plain: at('granted', 'config.yaml') } }),
    ).rejects.toMatchObject({ problems: [{ path: 'settings.plain' }] });
  });

  it('are out of reach of the configuration file too', async () => {
    await using host = await open({
      yaml: `connectors:
  - { id: slip, kind: sqlite, settings: { directory: ${JSON.stringify(at('data'))}, file: connectors.db } }
  - { id: fine, kind: sqlite, settings: { directory: ${JSON.stringify(at('elsewhere'))}, file: a.db, create: true } }
`,
    });
    const call = { action: 'query', payload: { sql: 'SELECT 1 AS one' } };
    await expect(host.service.execute({ id: 'slip', ...call })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { reason: 'path_not_granted' },
      problems: [{ path: 'settings.directory' }],
    });
    await expect(host.service.execute({ id: 'fine', ...call })).resolves.toMatchObject({ result: { rows: [{}] } });
  });

  it.each([
    ['a link that leads out', () => symlinkSync('/etc', at('granted', 'out')), () => at('granted', 'out', 'passwd')],
    [
      'a link to nothing',
      () => symlinkSync(at('elsewhere', 'not-yet'), at('granted', 'out')),
      () => at('granted', 'out'),
    ],
    [
      'a link with a slash behind it',
      () => symlinkSync('/etc/passwd', at('granted', 'out')),
      () => `${at('granted', 'out')}/`,
    ],
    ['.. behind nothing', () => undefined, () => `${at('granted')}/nothing/../../elsewhere/x`],
    [
      '.. behind a link',
      () => symlinkSync(at('elsewhere'), at('granted', 'out')),
      () => `${at('granted')}/out/../secrets/x`,
    ],
    ['a percent sign', () => undefined, () => at('granted%2F..%2Felsewhere')],
    ['another name that begins alike', () => mkdirSync(at('granted-not')), () => at('granted-not', 'x')],
    ['a relative path', () => undefined, () => 'x'],
    ['a NUL', () => undefined, () => `${at('granted')}/x\0`],
  ])('are not reached by %s', async (_what, prepare, path) => {
    prepare();
    await using host = await open();
    await expect(host.service.register({ id: 'x', kind: 'keeper', settings: { plain: path() } })).rejects.toMatchObject(
      { code: 'INVALID_INPUT', problems: [{ path: 'settings.plain' }] },
    );
  });

  it('are looked for wherever a schema can name them', async () => {
    await using host = await open();
    const outside = at('elsewhere', 'x');
    await expect(
      host.service.register({
        id: 'x',
        kind: 'keeper',
        settings: {
          plain: at('granted', 'x'),
          many: [at('granted', 'y'), outside],
          either: outside,
          named: { any: outside },
          store: { at: outside },
        },
      }),
    ).rejects.toMatchObject({
      problems: [
        { path: 'settings.many[1]' },
        { path: 'settings.either' },
        { path: 'settings.named.any' },
        { path: 'settings.store.at' },
      ],
    });
  });

  it.each([
    ['redis', { socket_path: '/run/redis.sock' }, 'settings.socket_path'],
    ['redis', { url: 'unix:///run/redis.sock?db=1' }, 'settings.url'],
    ['postgres', { socket: '/var/run/postgresql' }, 'settings.socket'],
    ['postgres', { uri: 'postgresql://u:pw@%2Fvar%2Frun%2Fpostgresql/db' }, 'settings.uri'],
    ['postgres', { uri: ' postgresql:\n//u:pw@%2Fvar%2Frun%2Fpostgresql/db' }, 'settings.uri'],
    ['postgres', { uri: 'postgresql://u:pw@/db?host=/var/run/postgresql' }, 'settings.uri'],
    ['mysql', { socket: '/run/mysqld/mysqld.sock' }, 'settings.socket'],
    ['mysql', { uri: 'mysql://u:pw@localhost/db?socket=/run/mysqld/mysqld.sock' }, 'settings.uri'],
    ['mysql', { uri: 'mysql://u:pw@localhost/db?socket=run/mysqld.sock' }, 'settings.uri'],
    ['redis', { url: 'unix:run/redis.sock' }, 'settings.url'],
    ['s3', { files: { read: ['/etc'] } }, 'settings.files.read[0]'],
    ['s3', { files: { write: ['/tmp'] } }, 'settings.files.write[0]'],
  ] as readonly (readonly [string, JsonObject, string])[])('are no address of %s: %j', async (kind, settings, path) => {
    await using host = await open();
    const refused = host.service.register({ id: 'x', kind, settings });
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_INPUT', problems: [{ path }] });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('pw') });
  });

  it('are reached through real paths only, even where a link is put in their place later', async () => {
    symlinkSync(at('elsewhere'), at('way'));
    await using host = await open({ roots: ['elsewhere'] });
    await host.service.register({ id: 'x', kind: 'keeper', settings: { plain: at('way', 'x') } });
    await expect(host.service.execute({ id: 'x', action: 'settings' })).resolves.toMatchObject({
      result: { plain: at('elsewhere', 'x') },
    });
    await expect(
      host.service.execute({ id: 'x', action: 'locate', payload: { path: at('granted') } }),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID', details: { reason: 'path_not_granted' } });
  });

  it.each([
    ['', {}],
    [', nor where a profile gives another path', { profile: 'shared' }],
  ])(
    'are reached through no link that is put in the place of a granted directory while it is in use%s',
    async (_, more) => {
      mkdirSync(at('granted', 'box'));
      makeDatabase(at('granted', 'box', 'notes.db'));
      makeDatabase(at('elsewhere', 'notes.db'));
      const found = JSON.stringify(at('elsewhere'));
      await using host = await open({
        yaml: `profiles: { shared: { kind: keeper, settings: { found: ${found} } } }\n`,
      });
      const { service } = host;
      await service.register({
        id: 'notes',
        kind: 'sqlite',
        settings: { directory: at('granted', 'box'), file: 'notes.db' },
      });
      await service.register({ id: 'keeper', kind: 'keeper', settings: { plain: at('granted', 'box') }, ...more });
      const query = { id: 'notes', action: 'query', payload: { sql: 'SELECT * FROM notes' } };
      const locate = { id: 'keeper', action: 'within', payload: { path: at('granted', 'box', 'notes.db') } };
      await service.execute(query);
      await expect(service.execute(locate)).resolves.toMatchObject({ result: at('granted', 'box', 'notes.db') });
      renameSync(at('granted', 'box'), at('granted', 'former'));
      symlinkSync(at('elsewhere'), at('granted', 'box'));
      await expect(service.execute(locate)).rejects.toMatchObject({
        code: 'FORBIDDEN',
        details: { reason: 'outside_directories' },
      });
      await expect(service.execute(query)).rejects.toMatchObject({ code: expect.stringMatching(/FORBIDDEN|CONFIG/) });
    },
  );

  it('of the operator may be moved behind a link while they are in use', async () => {
    makeDatabase(at('elsewhere', 'notes.db'));
    mkdirSync(at('newer'));
    makeDatabase(at('newer', 'notes.db'));
    symlinkSync(at('elsewhere'), at('current'));
    const settings = `{ directory: ${JSON.stringify(at('current'))}, file: notes.db }`;
    await using host = await open({ yaml: `connectors:\n  - { id: notes, kind: sqlite, settings: ${settings} }\n` });
    const insert = { id: 'notes', action: 'execute', payload: { sql: 'INSERT INTO notes VALUES (2)' } };
    await host.service.execute(insert);
    rmSync(at('current'));
    symlinkSync(at('newer'), at('current'));
    await host.service.execute(insert);
    const countOf = (folder: string): unknown => {
      const database = new DatabaseSync(at(folder, 'notes.db'), { readOnly: true });
      const found = database.prepare('SELECT count(*) AS count FROM notes').get();
      database.close();
      return found?.['count'];
    };
    expect([countOf('elsewhere'), countOf('newer')]).toEqual([2, 2]);
  });

  it.each(['-wal', '-journal', '-shm'])("are not reached by a database's %s that is a link", async (suffix) => {
    makeDatabase(at('granted', 'notes.db'));
    await using host = await open();
    const service = host.service;
    await service.register({ id: 'x', kind: 'sqlite', settings: { directory: at('granted'), file: 'notes.db' } });
    const query = { id: 'x', action: 'query', payload: { sql: 'SELECT * FROM notes' } };
    await service.execute(query);
    symlinkSync(at('data', 'connectors.db-wal'), at('granted', `notes.db${suffix}`));
    await expect(service.execute(query)).rejects.toMatchObject({ details: { reason: 'outside_directory' } });
  });

  it.each(['/proc/self/environ', '/proc/thread-self/fd', '/proc/self/root/proc/self/environ', '/dev/fd', '//dev/fd/'])(
    'are not reached through what a process shows of itself, even where a root is all: %s',
    async (path) => {
      await using host = await open({ roots: ['/'.padStart(40, '../')] });
      for (const plain of [path, `/etc/..${path}`, `${at('granted')}/../../../../../../..${path}`])
        await expect(host.service.register({ id: 'x', kind: 'keeper', settings: { plain } })).rejects.toMatchObject({
          problems: [{ path: 'settings.plain', message: expect.stringMatching(/host's own files/) }],
        });
    },
  );

  it.each(['gra\u0301nted', 'GRANTED', 'granted ', 'granted.', 'ｇranted', 'granted\u200b'])(
    'are not reached by a name that looks like that of a root: %j',
    async (name) => {
      await using host = await open();
      await expect(
        host.service.register({ id: 'x', kind: 'keeper', settings: { plain: at(name, 'x') } }),
      ).rejects.toMatchObject({ problems: [{ path: 'settings.plain' }] });
    },
  );

  it("are granted by the settings of a profile, which are the operator's", async () => {
    await using host = await open({
      yaml: `profiles:
  store: { kind: sqlite, settings: { directory: ${JSON.stringify(at('elsewhere'))} } }
`,
    });
    const settings = { file: 'new.db', create: true };
    await host.service.register({ id: 'x', kind: 'sqlite', profile: 'store', settings });
    await expect(
      host.service.execute({ id: 'x', action: 'query', payload: { sql: 'SELECT 1 AS one' } }),
    ).resolves.toMatchObject({ result: { rows: [{}] } });
    await expect(
      host.service.register({
        id: 'y',
        kind: 'sqlite',
        profile: 'store',
        settings: { ...settings, directory: at('secrets') },
      }),
    ).rejects.toMatchObject({ problems: [{ path: 'settings.directory' }] });
  });

  it('stay in use, with a warning, for connectors that were registered before there were roots', async () => {
    const settings = { directory: at('granted'), file: 'a.db', create: true };
    mkdirSync(at('data'), { mode: 0o700 });
    const database = new DatabaseSync(at('data', 'connectors.db'));
    database.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1`);
    const put = database.prepare("INSERT INTO connectors (id, config, updated_at) VALUES (?, ?, '')");
    for (const [id, folder] of [
      ['old', 'elsewhere'],
      ['thief', 'data'],
    ] as const)
      put.run(id, JSON.stringify({ id, kind: 'sqlite', settings: { ...settings, directory: at(folder) } }));
    database.close();
    await using second = await open();
    const call = { action: 'query', payload: { sql: 'SELECT 1 AS one' } };
    await second.service.execute({ id: 'old', ...call });
    expect(second.logText).toMatch(/"connector":"old"[^\n]*settings\.directory[^\n]*files\.roots/);
    await expect(second.service.execute({ id: 'thief', ...call })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(
      second.service.update({ id: 'old', kind: 'sqlite', settings: { ...settings, directory: at('elsewhere') } }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('are found from the directory of the configuration file, wherever the host was started', async () => {
    const yaml =
      'connectors:\n  - { id: own, kind: keeper, settings: { plain: data/x }, tls: { ca_file: certs/ca.pem } }\n';
    await using host = await SandboxHost.open({
      kinds: [],
      yaml: `plugins: { scan: all }\nfiles: { roots: [.] }\n${yaml}`,
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'keeper', source: KEEPER })),
    });
    const config = join(realpathSync(host.sandbox.root), 'config');
    const ask = async (action: string, id = 'own') => (await host.service.execute({ id, action })).result;
    expect(await ask('settings')).toEqual({ plain: join(config, 'data/x') });
    expect(await ask('tls')).toMatchObject({ caFile: join(config, 'certs/ca.pem') });
    await host.service.register({ id: 'theirs', kind: 'keeper', settings: { plain: './x' } });
    expect(await ask('settings', 'theirs')).toEqual({ plain: join(config, 'x') });
  });

  it('are granted and taken away by reading the configuration again', async () => {
    await using host = await open({ roots: [] });
    const registered = { id: 'x', kind: 'sqlite', settings: { directory: at('granted'), file: 'a.db', create: true } };
    await expect(host.service.register(registered)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await host.writeConfig(`plugins: { scan: all }\nfiles:\n  roots: [${JSON.stringify(at('granted'))}]\n`);
    await host.host.reload();
    await host.service.register(registered);
    const call = { id: 'x', action: 'query', payload: { sql: 'SELECT 1 AS one' } };
    await host.service.execute(call);
    await host.writeConfig('plugins: { scan: all }\nfiles: { roots: [] }\n');
    await host.host.reload();
    await expect(host.service.execute(call)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
