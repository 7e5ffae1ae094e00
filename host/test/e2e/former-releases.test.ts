import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InstallProject, publishSdk, publishWeather, WEATHER, weatherSource } from './fixtures/install-project.ts';
import type { Registry } from './fixtures/registry.ts';
import { startRegistry } from './fixtures/registry.ts';

let registry: Registry;
let folder: string;
let project: InstallProject;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'automate-former-'));
  registry = await startRegistry();
  await publishSdk(registry);
  await publishWeather(registry, join(folder, '1.0.0'), { version: '1.0.0' });
  await publishWeather(registry, join(folder, '1.1.0'), { version: '1.1.0', required: ['day'] });
  project = await InstallProject.open('npm', registry, '');
  expect(await project.automate('plugins', 'add', `${WEATHER}@1.1.0`, '--yes')).toMatchObject({ status: 0 });
});
afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  await registry?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Compares the installed package with an earlier release. */
const compare = (...against: string[]) =>
  project.automate('conformance', WEATHER, '--checks', 'manifest', '--against', ...against);

describe('conformance compares a package with an earlier release', () => {
  it('of a registry, by its version', async () => {
    const before = project.fingerprint();
    expect(await compare(`${WEATHER}@1.0.0`)).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/compatible +FAILED +.*"day" is required now.*this is 1\.1\.0/),
    });
    expect(project.fingerprint()).toBe(before);
  });

  it('of a registry, by default the newest', async () => {
    expect(await compare()).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/compatible +ok +keeps what version 1\.1\.0 promised/),
    });
  });

  it('that connectors.lock holds', async () => {
    expect(await compare('connectors.lock')).toMatchObject({ status: 0 });
    await writeFile(
      join(project.root, 'node_modules', WEATHER, 'adapter.js'),
      weatherSource({ version: '1.1.0', required: ['day'], writes: true }),
    );
    expect(await compare('connectors.lock')).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/"forecast" turned from reading to writing/),
    });
  });

  it('and says what there is none of', async () => {
    expect(await compare(`${WEATHER}@9.0.0`)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/@9\.0\.0 cannot be had, to be compared with: npm install/),
    });
    expect(await compare('./nowhere')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/there is nothing at/),
    });
    await rm(join(project.root, 'connectors.lock'));
    expect(await compare('connectors.lock')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/connectors\.lock has no package "@acme\/connector-weather"/),
    });
  });
});
