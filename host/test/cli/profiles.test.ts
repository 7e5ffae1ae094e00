import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { addKeeper } from '../fixtures/add-keeper.ts';
import { CliProject } from './fixtures/cli-project.ts';

let project: CliProject;
beforeEach(async () => {
  project = await CliProject.open({ kinds: [], yaml: 'connectors: []' });
  await addKeeper(project.sandbox);
});
afterEach(() => project[Symbol.asyncDispose]());

const set = (input: string) => project.automate(['profiles', 'set', 'team', '--input', '-'], { input });

it('automate profiles sets from a text, lists without a secret, and removes, without a host', async () => {
  const empty = await project.automate(['profiles', 'list']);
  expect(empty.stdout).toMatch(/^no profiles: add one to the configuration file, or set one with/);
  await expect(set('kind: keeper\nsecrets:\n  token: canary-4711\n')).resolves.toMatchObject({
    status: 0,
    stdout: 'set the profile "team"\n',
  });
  const { stdout } = await project.automate(['profiles', 'list']);
  expect(stdout).toMatch(
    /^PROFILE +KIND +ENVIRONMENT +OWNER +SECRETS +USED BY\nteam +keeper +prod +api +token: secretref:\/\/store\/profile\.team\/secrets\.token\?version=1 *\n$/,
  );
  const wrong = await set('kind: keeper\nsettings: { a: "${HOME}" }\nsecret: {}\n');
  expect(wrong).toMatchObject({ status: 78, stderr: expect.stringContaining('the profile "team" is refused') });
  expect(wrong.stderr).toMatch(/--input:2:\d+: settings\.a: [^]*--input:3:\d+: secret: /);
  await expect(project.automate(['profiles', 'remove', 'team'])).resolves.toMatchObject({
    stdout: 'removed the profile "team"\n',
  });
});

it('a profile that was set is there after the host was killed the moment after', async () => {
  await using killed = await project.start();
  await set('{ kind: keeper, secrets: { token: first } }');
  await set('{ kind: keeper, secrets: { token: second } }');
  await killed.end('SIGKILL');
  await using host = await project.start();
  await project.json(['connectors', 'register', '--input', '-'], {
    input: '{ id: one, kind: keeper, profile: team, auth: { type: bearer } }',
  });
  await expect(project.json(['execute', 'one', 'lengths'])).resolves.toMatchObject({ result: { token: 6 } });
  await host.end();
});
