import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Environment } from '../../host-settings.ts';
import type { PackageManager } from '../../plugins/install/package-manager.ts';
import { WITHOUT_SCRIPTS } from '../../plugins/install/package-manager.ts';

export interface ProgramOptions {
  readonly cwd: string;
  readonly env: Environment;
  readonly signal: AbortSignal;
}

/** Downloads over a slow line take their time; what never ends is ended, in milliseconds. */
const PATIENCE_MS = 10 * 60_000;

/** What a package manager that runs us tells its scripts, and would mislead one that is started in another directory. */
const OF_ANOTHER_RUN =
  /^(npm_(package|lifecycle|command|execpath|node_execpath|config_(local_prefix|user_agent|ignore_scripts))|pnpm_config_ignore_scripts$|INIT_CWD$|NODE_OPTIONS$)/i;

/** Runs the project's package manager in a directory; rejects with an Error that holds what it said. */
export async function runInstaller(
  manager: PackageManager,
  args: readonly string[],
  options: ProgramOptions,
): Promise<void> {
  const env = { ...plainEnvironment(options.env), ...WITHOUT_SCRIPTS };
  const ways = [[manager.name], ...pinnedWays(manager)];
  for (const [index, [program = '', ...leading]] of ways.entries()) {
    try {
      await run(program, [...leading, ...args], { ...options, env });
      return;
    } catch (error) {
      const failure = error as { code?: unknown; stdout?: string; stderr?: string; killed?: boolean };
      const isMissing = failure.code === 'ENOENT' && index < ways.length - 1;
      if (isMissing) continue;
      options.signal.throwIfAborted();
      throw new Error(`${[manager.name, ...args].join(' ')}: ${explainFailure(failure, manager)}`, { cause: error });
    }
  }
}

/** Without its lines of progress: the part that says why. */
function explainFailure(
  { code, stdout = '', stderr = '', killed }: { code?: unknown; stdout?: string; stderr?: string; killed?: boolean },
  { name }: PackageManager,
): string {
  if (code === 'ENOENT')
    return `${name} is not on the PATH: install it, or pin its version in package.json ("packageManager": "${name}@…"), and it is fetched`;
  if (killed === true) return `it has not ended after ${PATIENCE_MS / 60_000} minutes`;
  const lines = `${stderr}\n${stdout}`.split('\n').map((line) => line.trimEnd());
  const said = lines.filter(
    (line) => line !== '' && !/^(Progress:|Packages:|[+-]+$|npm error A complete log)/.test(line),
  );
  // pnpm names registries with the password that .npmrc has for them.
  const words = said
    .slice(0, 20)
    .join('\n')
    .replaceAll(/:\/\/[^/@\s]+@/g, '://[secret]@');
  return `exit code ${String(code)}\n${words}`;
}

/** Node.js brings npx along, which fetches what is pinned. */
function pinnedWays({ name, version }: PackageManager): readonly (readonly string[])[] {
  if (version === undefined) return [];
  const fetched = name === 'yarn' && !version.startsWith('1.') ? '@yarnpkg/cli-dist' : name;
  return [['npx', '-y', `${fetched}@${version}`]];
}

/** Answers what npm knows of packages, as JSON; undefined where it cannot tell. */
export async function askRegistry(spec: string, fields: readonly string[], options: ProgramOptions): Promise<unknown> {
  try {
    const args = ['view', spec, ...fields, '--json', '--loglevel=silent', '--fetch-retries=0'];
    const { stdout } = await run('npm', args, { ...options, env: plainEnvironment(options.env) });
    return stdout.trim() === '' ? undefined : (JSON.parse(stdout) as unknown);
  } catch {
    return undefined;
  }
}

function run(program: string, args: readonly string[], options: ProgramOptions): Promise<{ readonly stdout: string }> {
  return promisify(execFile)(program, args, { ...options, timeout: PATIENCE_MS, maxBuffer: 64 * 1024 * 1024 });
}

function plainEnvironment(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !OF_ANOTHER_RUN.test(entry[0]),
    ),
  );
}
