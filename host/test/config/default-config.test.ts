import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { writeDefaultConfig } from '../../src/config/default-config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createProject } from './project.ts';

describe('the default configuration', () => {
  it('is right, and holds prometheus, grafana and jaeger', async () => {
    await using project = await createProject();
    const file = await writeDefaultConfig(project.directory);
    expect(file).toBe(join(project.directory, 'config/connectors.yaml'));
    const loaded = await loadConfig({ cwd: project.directory, env: {} });
    expect(loaded).toMatchObject({
      ok: true,
      file,
      config: {
        connectors: [
          { config: { id: 'prometheus', enabled: true } },
          { config: { id: 'grafana' } },
          { config: { id: 'jaeger' } },
        ],
      },
    });
  });

  it('has the schema for editors beside it', async () => {
    await using project = await createProject();
    const file = await writeDefaultConfig(project.directory);
    expect(await readFile(file, 'utf8')).toMatch(/^# yaml-language-server: \$schema=\.\/connectors\.schema\.json\n/);
    expect(JSON.parse(await readFile(join(project.directory, 'config/connectors.schema.json'), 'utf8'))).toMatchObject({
      title: 'connectors.yaml',
    });
  });

  it.each(['config/connectors.yaml', 'connectors.json'])('never replaces what there is: %s', async (place) => {
    await using project = await createProject({ [place]: 'mine' });
    await expect(writeDefaultConfig(project.directory)).rejects.toThrow(/is there already/);
    expect(await readFile(join(project.directory, place), 'utf8')).toBe('mine');
  });
});
