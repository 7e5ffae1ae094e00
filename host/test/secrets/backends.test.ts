import { execFile } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { parseConnectorConfig } from '@automate/contract/schemas';
import type { SecretResolverOptions } from '../../src/secrets/resolver.ts';
import { createSecretResolver } from '../../src/secrets/resolver.ts';
import { createSecretsDirectory } from './secrets-directory.ts';

const exec = promisify(execFile);
const CANARY = 'canary-1234567890';

/** The secret as a connector gets it that names it. */
async function resolveWith(options: SecretResolverOptions, token: string): Promise<string | undefined> {
  const parsed = parseConnectorConfig({ id: 'slack', auth: { type: 'bearer', token: 'later' } });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const config = { ...parsed.config, auth: { ...parsed.config.auth, token } };
  return (await createSecretResolver(options).resolveConfig(config)).config.auth.token;
}

async function read(secretsDir: string | undefined, reference: string): Promise<string | undefined> {
  const options = { env: {}, ...(secretsDir === undefined ? {} : { secretsDir }) };
  return resolveWith(options, reference).catch((error: Error) => `refused: ${error.message}`);
}

describe('secretref://env', () => {
  const resolve = (reference: string): Promise<string | undefined> =>
    resolveWith({ env: { TOKEN: CANARY, EMPTY: '' } }, reference);

  it('reads the variable', async () => {
    await expect(resolve('secretref://env/default/TOKEN')).resolves.toBe(CANARY);
  });

  it.each([
    ['secretref://env/default/MISSING', 'the variable MISSING is not set'],
    ['secretref://env/default/EMPTY', 'the variable EMPTY is empty'],
    ['secretref://env/default/toString', 'the variable toString is not set'],
    ['secretref://env/other/TOKEN', 'expected the namespace default: secretref://env/default/NAME'],
    [
      'secretref://store/default/TOKEN',
      'there is no secret default/TOKEN: set it with "automate secrets set default/TOKEN"',
    ],
    [
      'secretref://vault/default/TOKEN',
      'the secret backend "vault" is not built yet; use secretref://store, secretref://env or secretref://file',
    ],
  ])('fails closed for %s', async (reference, reason) => {
    await expect(resolve(reference)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ path: 'auth.token', message: `the secret ${reference} cannot be read: ${reason}` }],
    });
  });
});

describe('secretref://file', () => {
  it.each([
    ['as it is', CANARY, CANARY],
    ['without the newline at its end', `${CANARY}\n`, CANARY],
    ['without a Windows newline at its end', `${CANARY}\r\n`, CANARY],
    ['with all but the last newline', `a\nb\n\n`, 'a\nb\n'],
    ['with its spaces', `  ${CANARY} \n`, `  ${CANARY} `],
    ['in UTF-8', 'pässwörd-✓', 'pässwörd-✓'],
  ])('reads the file %s', async (_name, content, secret) => {
    await using secrets = await createSecretsDirectory();
    await secrets.put('slack/token', content);
    expect(await read(secrets.path, 'secretref://file/slack/token')).toBe(secret);
  });

  it('reads it anew each time', async () => {
    await using secrets = await createSecretsDirectory();
    await secrets.put('slack/token', 'first');
    expect(await read(secrets.path, 'secretref://file/slack/token')).toBe('first');
    await secrets.put('slack/token', 'second');
    expect(await read(secrets.path, 'secretref://file/slack/token')).toBe('second');
  });

  it.each([0o400, 0o600])('takes the mode %o', async (mode) => {
    await using secrets = await createSecretsDirectory();
    await chmod(await secrets.put('slack/token', CANARY), mode);
    expect(await read(secrets.path, 'secretref://file/slack/token')).toBe(CANARY);
  });

  it.each([0o644, 0o640, 0o604, 0o660, 0o700, 0o601])('refuses the mode %o, and says what to do', async (mode) => {
    await using secrets = await createSecretsDirectory();
    await chmod(await secrets.put('slack/token', CANARY), mode);
    const said = await read(secrets.path, 'secretref://file/slack/token');
    expect(said).toContain(
      `the file slack/token in SECRETS_DIR has the mode 0${mode.toString(8)}, which is wider than 0600: chmod 600 it`,
    );
    expect(said).not.toContain(CANARY);
  });

  it.each([
    ['nothing', 'slack/other', 'does not exist'],
    ['no namespace', 'nowhere/token', 'does not exist'],
    ['a directory', 'slack/folder', 'is not a regular file'],
    ['an empty file', 'slack/empty', 'is empty'],
    ['a file of one newline', 'slack/newline', 'is empty'],
    ['bytes that are no text', 'slack/bytes', 'is not text in UTF-8'],
    ['text with a NUL', 'slack/nul', 'is not text in UTF-8'],
    ['more than 64 KiB', 'slack/large', 'is larger than 65536 bytes'],
  ])('refuses %s', async (_name, name, reason) => {
    await using secrets = await createSecretsDirectory();
    await secrets.put('slack/folder/x', CANARY);
    await secrets.put('slack/empty', '');
    await secrets.put('slack/newline', '\n');
    await secrets.put('slack/bytes', Buffer.from([0xff, 0xfe, 0x41]));
    await secrets.put('slack/nul', 'a\0b');
    await secrets.put('slack/large', 'x'.repeat(64 * 1024 + 1));
    expect(await read(secrets.path, `secretref://file/${name}`)).toContain(`the file ${name} in SECRETS_DIR ${reason}`);
  });

  it('does not wait for a named pipe', async () => {
    await using secrets = await createSecretsDirectory();
    await mkdir(join(secrets.path, 'slack'));
    await exec('mkfifo', ['-m', '600', join(secrets.path, 'slack/token')]);
    expect(await read(secrets.path, 'secretref://file/slack/token')).toContain('is not a regular file');
  });

  it('follows links within the directory, as mounted secrets have them, and none that lead out', async () => {
    await using secrets = await createSecretsDirectory();
    await secrets.put('slack/..data/token', CANARY);
    await symlink('..data/token', join(secrets.path, 'slack/token'));
    expect(await read(secrets.path, 'secretref://file/slack/token')).toBe(CANARY);

    const outside = join(dirname(secrets.path), 'outside');
    await writeFile(outside, CANARY, { mode: 0o600 });
    await symlink('../../outside', join(secrets.path, 'slack/out'));
    await symlink(dirname(secrets.path), join(secrets.path, 'up'));
    expect(await read(secrets.path, 'secretref://file/slack/out')).toContain('leads out of SECRETS_DIR');
    expect(await read(secrets.path, 'secretref://file/up/outside')).toContain('leads out of SECRETS_DIR');
  });

  it('does not mistake a neighbour whose name begins alike for the directory', async () => {
    await using secrets = await createSecretsDirectory();
    const neighbour = `${secrets.path}-of-others`;
    await mkdir(neighbour);
    await writeFile(join(neighbour, 'token'), CANARY, { mode: 0o600 });
    await symlink(neighbour, join(secrets.path, 'slack'));
    expect(await read(secrets.path, 'secretref://file/slack/token')).toContain('leads out of SECRETS_DIR');
  });

  it('may itself be reached through a link', async () => {
    await using secrets = await createSecretsDirectory();
    await secrets.put('slack/token', CANARY);
    const link = join(dirname(secrets.path), 'link');
    await symlink(secrets.path, link);
    expect(await read(link, 'secretref://file/slack/token')).toBe(CANARY);
  });

  it('needs SECRETS_DIR', async () => {
    expect(await read(undefined, 'secretref://file/slack/token')).toContain(
      'SECRETS_DIR is not set, so there are no files to read',
    );
    expect(await read('/nowhere/at/all', 'secretref://file/slack/token')).toContain('does not exist');
  });
});
