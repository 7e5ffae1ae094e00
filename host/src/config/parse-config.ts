import type { ConnectorConfig, Problem } from '@automate/contract';
import { parseConfigFile } from '@automate/contract/schemas';
import type { ConfigDefaults, WirePlugins, WireProfile } from '@automate/contract/schemas';
import { composeYaml } from './compose-yaml.ts';
import { DEFAULT_PLUGINS } from './host-config.ts';
import type { ConfiguredConnector, HostConfig, PluginsConfig, ProfileConfig } from './host-config.ts';
import type { Environment } from './interpolate.ts';
import { resolveVariables } from './resolve-variables.ts';
import type { ResolvedValues } from './resolve-variables.ts';
import { createLocator } from './text-position.ts';
import type { TextPosition } from './text-position.ts';
import { toWrittenForm } from './written-form.ts';

export type ParsedConfig =
  | { readonly ok: true; readonly config: HostConfig }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface ParseConfigOptions {
  /** Named in the problems. */
  readonly file?: string;
  readonly environment: Environment;
  readonly defaults?: ConfigDefaults;
}

const MAX_PROBLEMS = 200;

/**
 * Reads the text of a configuration file: everything it says, or every problem in the order of the file, each with
 * line and column. Where the text itself cannot be read, that is the only problem. Never throws.
 */
export function parseConfig(text: string, options: ParseConfigOptions): ParsedConfig {
  const locate = createLocator(text);
  const composed = composeYaml(text);
  const faults = composed.faults.map(({ offset, ...fault }): Problem => ({ path: '', ...fault, ...locate(offset) }));
  const values = resolveVariables(composed.root, options.environment);
  const parsed = parseConfigFile(values.value, options.defaults === undefined ? {} : { defaults: options.defaults });
  const contents = parsed.ok ? [] : parsed.problems;
  const located = [...values.problems, ...withoutRepeats(contents, values)].map((problem) =>
    locateProblem(problem, values, locate),
  );
  const problems = bound([...faults, ...located].toSorted(byPlace)).map((problem) => nameFile(problem, options.file));
  if (problems.length > 0 || !parsed.ok) return { ok: false, problems };
  return {
    ok: true,
    config: {
      connectors: parsed.connectors.map((config, index) => configured(config, index, values)),
      plugins: toPlugins(parsed.plugins),
      profiles: new Map(Array.from(parsed.profiles, ([name, profile]) => [name, toProfile(name, profile)])),
    },
  };
}

/** A value that could not be had has been reported; what its absence leads to would only be noise. */
function withoutRepeats(problems: readonly Problem[], values: ResolvedValues): readonly Problem[] {
  return problems
    .filter((problem) => !values.missing.has(problem.path))
    .map((problem) => hideVariable(problem, values));
}

/** A value that came from a variable is not repeated: it may be a secret. */
function hideVariable(problem: Problem, values: ResolvedValues): Problem {
  const written = values.written.get(problem.path);
  return written === undefined
    ? problem
    : { ...problem, received: `what ${JSON.stringify(shorten(written.text))} gave (not shown)` };
}

function shorten(text: string): string {
  const withoutDefaults = text.replaceAll(/:-[^{}]*\}/g, ':-…}');
  return withoutDefaults.length <= 60 ? withoutDefaults : `${withoutDefaults.slice(0, 60)}…`;
}

function locateProblem(problem: Problem, values: ResolvedValues, locate: (offset: number) => TextPosition): Problem {
  for (let path = problem.path; ; path = parentOf(path)) {
    const offset = values.offsets.get(path);
    if (offset !== undefined) return { ...problem, ...locate(offset) };
    if (path === '') return { ...problem, line: 1, column: 1 };
  }
}

/** The path without its last step: `a.b[0]` → `a.b` → `a` → ``. */
function parentOf(path: string): string {
  return path.replace(/(?:^|\.)[^.[\]]+$|\[[^[\]]*\]$|.$/s, '');
}

function byPlace(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** More than this nobody reads, and a file of a megabyte can have many. */
function bound(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= MAX_PROBLEMS) return problems;
  const more = problems.length - MAX_PROBLEMS;
  const last = problems[MAX_PROBLEMS];
  const rest = {
    path: '',
    expected: 'fewer problems',
    received: `${more} more`,
    message: `and ${more} more problems from here on`,
  };
  return [...problems.slice(0, MAX_PROBLEMS), { ...rest, line: last?.line ?? 1, column: last?.column ?? 1 }];
}

function nameFile(problem: Problem, file: string | undefined): Problem {
  return file === undefined ? problem : { ...problem, file };
}

function configured(config: ConnectorConfig, index: number, values: ResolvedValues): ConfiguredConnector {
  const texts = [...values.written.values()]
    .filter(({ path }) => path[0] === 'connectors' && path[1] === index)
    .map(({ path, text }) => ({ path: path.slice(2), text }));
  return { config, written: toWrittenForm(config, texts) };
}

function toPlugins(plugins: WirePlugins): PluginsConfig {
  return { ...DEFAULT_PLUGINS, ...plugins };
}

function toProfile(name: string, profile: WireProfile): ProfileConfig {
  return {
    name,
    kind: profile.kind,
    environment: profile.environment ?? 'prod',
    settings: (profile.settings ?? {}) as ProfileConfig['settings'],
    secrets: profile.secrets ?? {},
    enabled: profile.enabled ?? true,
  };
}
