import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

/** Its remote system is a file that holds the one token which is accepted. */
const SOURCE = `
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { action, AuthFailedError, ConnectorAdapter } from '@automate/sdk';
const anything = { schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
let count = 0;
export default class GuardedAdapter extends ConnectorAdapter {
  name = 'guarded';
  version = '1.0.0';
  actions = {
    ask: action({
      description: 'Asks the remote system.',
      input: anything,
      sideEffects: true,
      idempotent: false,
      run: async ({ gate }) => {
        this.logIn();
        while (gate !== undefined && !existsSync(gate)) await delay(5);
        return { count: ++count };
      },
    }),
  };
  logIn() {
    const accepted = readFileSync(this.context.settings.accepted, 'utf8');
    if (this.context.config.auth.token.reveal() !== accepted) throw new AuthFailedError('the token is refused');
  }
  async connect() {
    this.logIn();
    return true;
  }
}
`;

class Rotation implements AsyncDisposable {
  readonly it: SandboxHost;
  readonly #secret: string;
  readonly #accepted: string;

  private constructor(host: SandboxHost) {
    this.it = host;
    this.#secret = join(host.sandbox.root, 'secrets', 'default', 'token');
    this.#accepted = join(host.sandbox.root, 'accepted');
  }

  static async open(first = 'token-number-one', tls: readonly string[] = []): Promise<Rotation> {
    const host = await SandboxHost.open({
      kinds: [],
      serve: false,
      prepare: async (sandbox) => {
        await sandbox.addConnector({ kind: 'guarded', source: SOURCE });
        const directory = join(sandbox.root, 'secrets', 'default');
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await writeFile(join(directory, 'token'), first, { mode: 0o600 });
        await writeFile(join(sandbox.root, 'accepted'), 'token-number-one');
        await mkdir(join(sandbox.root, 'config'));
        await writeFile(
          join(sandbox.root, 'config', 'connectors.yaml'),
          `connectors:\n  - id: one\n    kind: guarded\n    retry: { attempts: 1 }\n    auth: { type: bearer, token: "secretref://file/default/token" }\n    settings: { accepted: ${JSON.stringify(join(sandbox.root, 'accepted'))} }\n    tls: { ${tls.map((key) => `${key}: ${JSON.stringify(join(sandbox.root, key))}`).join(', ')} }\n`,
        );
      },
      env: { SECRETS_DIR: 'secrets' },
    });
    return new Rotation(host);
  }

  /** Puts another token into the file that the configuration refers to. */
  async store(token: string): Promise<void> {
    await writeFile(this.#secret, token);
    await chmod(this.#secret, 0o600);
  }

  /** Has the remote system accept another token. */
  accept(token: string): Promise<void> {
    return writeFile(this.#accepted, token);
  }

  async ask(payload = {}): Promise<unknown> {
    return (await this.it.service.execute({ id: 'one', action: 'ask', payload })).result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.it[Symbol.asyncDispose]();
  }
}

describe('a secret that was rotated', () => {
  it('is read anew by the first call after the old one was refused', async () => {
    await using rotation = await Rotation.open();
    expect([await rotation.ask(), await rotation.ask()]).toEqual([{ count: 1 }, { count: 2 }]);
    await rotation.accept('token-number-two');
    await expect(rotation.ask()).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    await rotation.store('token-number-two');
    expect(await rotation.ask()).toEqual({ count: 1 });
    await expect(rotation.it.service.healthCheck('one')).resolves.toMatchObject({ healthy: true });
    // What works is doubted no more.
    await rotation.store('token-number-three');
    expect(await rotation.ask()).toEqual({ count: 2 });
  });

  it('is read anew after a connect that was refused', async () => {
    await using rotation = await Rotation.open('a-wrong-token');
    await expect(rotation.ask()).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    await rotation.store('token-number-one');
    expect(await rotation.ask()).toEqual({ count: 1 });
  });

  it('is read anew by a test, also of a connector that nobody has called', async () => {
    await using rotation = await Rotation.open('a-wrong-token');
    await expect(rotation.it.service.test('one')).resolves.toMatchObject({ success: false });
    await rotation.store('token-number-one');
    await expect(rotation.it.service.test('one')).resolves.toMatchObject({ success: true });
    await rotation.accept('token-number-two');
    await rotation.store('token-number-two');
    await expect(rotation.it.service.test('one')).resolves.toMatchObject({ success: true });
  });

  it('is read anew by a restart, which waits for no call to be refused', async () => {
    await using rotation = await Rotation.open();
    expect([await rotation.ask(), await rotation.ask()]).toEqual([{ count: 1 }, { count: 2 }]);
    await rotation.accept('token-number-two');
    await rotation.store('token-number-two');
    await expect(rotation.it.service.restart('one')).resolves.toMatchObject({ status: 'healthy' });
    expect(await rotation.ask()).toEqual({ count: 1 });
    await rotation.store('no-token');
    await expect(rotation.it.service.restart('one')).resolves.toMatchObject({
      status: 'unhealthy',
      lastError: expect.stringContaining('the token is refused'),
    });
  });

  it('is read anew by a health check after one that failed', async () => {
    await using rotation = await Rotation.open('a-wrong-token');
    await expect(rotation.it.service.healthCheck('one')).resolves.toMatchObject({ healthy: false });
    await rotation.store('token-number-one');
    await expect(rotation.it.service.healthCheck('one')).resolves.toMatchObject({ healthy: true });
  });

  it('costs no call that is under way', async () => {
    await using rotation = await Rotation.open();
    const gate = join(rotation.it.sandbox.root, 'gate');
    await rotation.ask();
    const slow = rotation.ask({ gate });
    // It travels behind the other.
    expect(await rotation.ask()).toEqual({ count: 2 });
    await rotation.accept('token-number-two');
    await expect(rotation.ask()).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    await rotation.store('token-number-two');
    const next = rotation.ask();
    await writeFile(gate, '');
    await expect(slow).resolves.toEqual({ count: 3 });
    await expect(next).resolves.toEqual({ count: 1 });
  });

  it('is not read while what was given before works', async () => {
    await using rotation = await Rotation.open();
    expect(await rotation.ask()).toEqual({ count: 1 });
    await rotation.store('token-number-two');
    await expect(rotation.it.service.healthCheck('one')).resolves.toMatchObject({ healthy: true });
    expect(await rotation.ask()).toEqual({ count: 2 });
  });

  it('starts no worker again that would be given the same', async () => {
    await using rotation = await Rotation.open();
    expect(await rotation.ask()).toEqual({ count: 1 });
    await rotation.accept('token-number-two');
    await expect(rotation.ask()).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    await expect(rotation.ask()).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    await rotation.accept('token-number-one');
    expect(await rotation.ask()).toEqual({ count: 2 });
  });

  it('that cannot be read says so', async () => {
    await using rotation = await Rotation.open();
    await rotation.ask();
    await rotation.accept('token-number-two');
    await expect(rotation.ask()).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    await chmod(join(rotation.it.sandbox.root, 'secrets', 'default', 'token'), 0o644);
    await expect(rotation.ask()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await rotation.store('token-number-two');
    expect(await rotation.ask()).toEqual({ count: 1 });
    expect(await readFile(join(rotation.it.sandbox.root, 'accepted'), 'utf8')).toBe('token-number-two');
  });
});

describe('a TLS file that was renewed', () => {
  const FILES = ['ca_file', 'cert_file', 'key_file'];

  it.each(FILES)('is read anew, by %s, after a refusal', async (key) => {
    await using rotation = await Rotation.open(undefined, FILES);
    const { sandbox } = rotation.it;
    for (const file of FILES) await sandbox.writeFile(file, 'the old one');
    const refuseOnce = async (): Promise<void> => {
      await rotation.accept('token-number-two');
      await expect(rotation.ask()).rejects.toMatchObject({ code: 'AUTH_FAILED' });
      await rotation.accept('token-number-one');
    };
    expect(await rotation.ask()).toEqual({ count: 1 });
    await refuseOnce();
    expect(await rotation.ask()).toEqual({ count: 2 });
    await refuseOnce();
    await sandbox.writeFile(key, 'the new one');
    // A worker that started again counts from the beginning.
    expect(await rotation.ask()).toEqual({ count: 1 });
  });
});
