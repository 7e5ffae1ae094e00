import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Validator } from '@cfworker/json-schema';
import { load } from 'js-yaml';
import type { InstalledKind } from '../../src/config/default-config.ts';
import { writeDefaultConfig } from '../../src/config/default-config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createProject } from './project.ts';

const kind = (name: string, more: Partial<InstalledKind> = {}): InstalledKind => ({
  kind: name,
  title: name,
  packageName: `@acme/connector-${name}`,
  autoconfigure: false,
  ...more,
});

/** Settings that ask for something of every type. */
const STORE = kind('store', {
  title: 'A\nstore',
  scheme: 'https',
  settings: {
    type: 'object',
    required: ['bucket', 'secret_key', 'mode', 'size', 'on', 'odd key', 'labels'],
    properties: {
      bucket: { type: 'string', minLength: 3 },
      secret_key: { type: 'string', writeOnly: true },
      mode: { enum: ['fast', 'safe'] },
      size: { type: 'integer', minimum: 5 },
      on: { type: 'boolean' },
      'odd key': { type: 'string', default: 'it: is' },
      labels: { type: 'object' },
      optional: { type: 'string' },
    },
    additionalProperties: false,
  },
});

describe('the first configuration', () => {
  it('has an entry for each kind that is installed, enabled where it can be tried at once, and no other', async () => {
    await using project = await createProject();
    const kinds = [STORE, kind('prometheus'), kind('grafana'), kind('quiet', { autoconfigure: true })];
    const file = await writeDefaultConfig(project.directory, kinds);
    expect(file).toBe(join(project.directory, 'config/connectors.yaml'));
    const loaded = await loadConfig({ cwd: project.directory, env: {} });
    expect(loaded).toMatchObject({ ok: true, file });
    expect(loaded.ok && loaded.config.connectors.map(({ config: { id, enabled } }) => [id, enabled])).toEqual([
      ['grafana', false],
      ['prometheus', true],
      ['store', false],
    ]);
    expect(loaded.ok && loaded.config.connectors[2]?.config.settings).toEqual({
      bucket: 'CHANGE ME',
      secret_key: 'secretref://env/default/STORE_SECRET_KEY',
      mode: 'fast',
      size: 5,
      on: false,
      'odd key': 'it: is',
      labels: {},
    });
  });

  it('says how to install a kind where there is none', async () => {
    await using project = await createProject();
    const file = await writeDefaultConfig(project.directory, []);
    expect(await readFile(file, 'utf8')).toContain('automate plugins add ');
    expect(await loadConfig({ cwd: project.directory, env: {} })).toMatchObject({
      ok: true,
      config: { connectors: [] },
    });
  });

  it('has the schema for editors beside it, which takes it and knows the kinds', async () => {
    await using project = await createProject();
    const file = await writeDefaultConfig(project.directory, [STORE]);
    expect(await readFile(file, 'utf8')).toMatch(/^# yaml-language-server: \$schema=\.\/connectors\.schema\.json\n/);
    const schema: unknown = JSON.parse(await readFile(join(file, '../connectors.schema.json'), 'utf8'));
    expect(schema).toMatchObject({ title: 'connectors.yaml', $defs: { settings_of_store: { type: 'object' } } });
    const validator = new Validator(schema as object, '2020-12');
    const written = load(await readFile(file, 'utf8')) as { connectors: { settings: object }[] };
    expect(validator.validate(written).valid).toBe(true);
    const [store] = written.connectors;
    expect(validator.validate({ connectors: [{ ...store, settings: { ...store?.settings, size: 1 } }] }).valid).toBe(
      false,
    );
  });

  it.each(['config/connectors.yaml', 'connectors.json'])('never replaces what there is: %s', async (place) => {
    await using project = await createProject({ [place]: 'mine' });
    await expect(writeDefaultConfig(project.directory, [])).rejects.toThrow(/is there already/);
    expect(await readFile(join(project.directory, place), 'utf8')).toBe('mine');
  });
});
