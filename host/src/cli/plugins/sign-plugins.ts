import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { isJsonObject } from '@automate/contract';
import { hashInstalled } from '../../plugins/discovery/hash-manifest.ts';
import { parseJson } from '../../plugins/discovery/parse-json.ts';
import type { ConnectorsLock } from '../../plugins/lock/connectors-lock.ts';
import { LOCK_FILE, replaceLock } from '../../plugins/lock/connectors-lock.ts';
import { hashPackage } from '../../plugins/lock/hash-package.ts';
import { SIGNATURE_FILE, readSignatureFile } from '../../plugins/lock/signature-file.ts';
import type { Signature, SignatureVerdict } from '../../plugins/lock/signature.ts';
import { publicKeyOf, signPackage, verifyPackage } from '../../plugins/lock/signature.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { isPath } from './spec-names.ts';
import { lookAtProject } from './look-at-project.ts';
import type { SignedPlugins, VerifiedPlugin } from './plugin-changes.ts';
import type { PluginMachine } from './plugin-machine.ts';

/**
 * Signs what is installed, in the lock: packages by their names, without any all that the lock has. What is installed must be what the
 * lock has. A tarball is signed itself, as its author does before it is published.
 */
export async function signPlugins(
  { specs, keyFile }: { readonly specs: readonly string[]; readonly keyFile: string },
  machine: PluginMachine,
): Promise<SignedPlugins> {
  const pem = readKey(resolve(machine.cwd, keyFile));
  const tarballs = specs.filter(isPath);
  const signed: string[] = [];
  for (const tarball of tarballs) signed.push(await signTarball(resolve(machine.cwd, tarball), pem));
  const names = specs.filter((spec) => !isPath(spec));
  if (names.length > 0 || tarballs.length === 0) signed.push(...(await signInLock(names, pem, machine)));
  return { packages: signed, publicKey: publicKeyOf(pem) };
}

/** What the signatures of the installed packages are worth, by the lock and by what lies in them; the better one of each. */
export async function verifyPlugins(
  names: readonly string[],
  machine: PluginMachine,
): Promise<readonly VerifiedPlugin[]> {
  const { config, lock = {}, looked } = await lookAtProject(machine);
  const asked = names.length === 0 ? [...looked.facts.keys()] : names;
  return asked.toSorted().map((name) => {
    const facts = looked.facts.get(name);
    const directory = looked.entries.get(name)?.path;
    if (facts === undefined || directory === undefined)
      throw new CliExit(EXIT.failed, `${name} is no connector package that is installed and can be used`);
    const of = (signature: Signature | undefined): SignatureVerdict =>
      verifyPackage({ package: name, ...facts }, signature, config.plugins.trustedKeys);
    const verdicts = [of(lock[name]?.signature), of(readSignatureFile(directory))];
    const [first] = WORTH.flatMap((kind) => verdicts.find((verdict) => verdict.kind === kind) ?? []);
    return { package: name, version: facts.version, verdict: first ?? { kind: 'unsigned' } };
  });
}

const WORTH = ['trusted', 'wrong', 'unknown_key'] as const;

async function signInLock(names: readonly string[], pem: string, machine: PluginMachine): Promise<readonly string[]> {
  const { lock, looked } = await lookAtProject(machine);
  if (lock === undefined)
    throw new CliExit(EXIT.failed, `${LOCK_FILE} is not there: "automate plugins update --installed" writes it`);
  const asked = names.length === 0 ? Object.keys(lock) : names;
  const refused = asked.flatMap((name) => {
    const [locked, facts] = [lock[name], looked.facts.get(name)];
    if (locked === undefined) return [`${name}: ${LOCK_FILE} has no such package`];
    return locked.integrity === facts?.integrity && locked.manifest === facts.manifest
      ? []
      : [`${name}: what is installed is not what ${LOCK_FILE} has; "automate plugins diff" says in what`];
  });
  if (refused.length > 0) throw new CliExit(EXIT.failed, ['nothing was signed:', ...refused].join('\n'));
  const next: ConnectorsLock = Object.fromEntries(
    Object.entries(lock).map(([name, locked]) => [
      name,
      asked.includes(name) ? { ...locked, signature: signPackage({ package: name, ...locked }, pem) } : locked,
    ]),
  );
  replaceLock(machine.projectDir, next);
  return asked;
}

/** Answers the name of its package. */
async function signTarball(tarball: string, pem: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'automate-sign-'));
  const run = promisify(execFile);
  try {
    await run('tar', ['-xzf', tarball, '-C', folder]);
    const directory = join(folder, 'package');
    const json = existsSync(directory) ? parseJson(readFileSync(join(directory, 'package.json'), 'utf8')) : undefined;
    const { name, version } = json?.ok === true && isJsonObject(json.value) ? json.value : {};
    if (typeof name !== 'string' || typeof version !== 'string')
      throw new CliExit(EXIT.failed, `${tarball} holds no package: make it with "npm pack" or "pnpm pack"`);
    const { integrity } = hashPackage(directory);
    const manifest = `sha256-${hashInstalled(directory) ?? ''}`;
    const signature = signPackage({ package: name, version, integrity, manifest }, pem);
    writeFileSync(join(directory, SIGNATURE_FILE), `${JSON.stringify(signature)}\n`);
    const draft = join(dirname(tarball), `.${randomUUID()}.tgz`);
    await run('tar', ['-czf', draft, '-C', folder, 'package']);
    renameSync(draft, tarball);
    return `${name}@${version}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function readKey(file: string): string {
  try {
    const pem = readFileSync(file, 'utf8');
    publicKeyOf(pem);
    return pem;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliExit(
      EXIT.failed,
      `the key ${file} cannot be used: ${reason}; make one with "openssl genpkey -algorithm ed25519"`,
    );
  }
}
