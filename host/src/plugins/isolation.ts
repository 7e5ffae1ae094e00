import type { ConfiguredLevel } from '@automate/contract';
import { CONFIGURED_LEVELS, matchesPattern } from '@automate/contract';

/** What `plugins:` says of isolation. */
export interface IsolationPolicy {
  /** Of kinds that recommend none. Default `thread`. */
  readonly isolation?: ConfiguredLevel;
  /** The weakest level by pattern of package names. */
  readonly minimumIsolation?: Readonly<Record<string, ConfiguredLevel>>;
}

/** Levels of a kind's connectors: of those that name none, and the weakest that one may name. */
export interface KindIsolation {
  readonly fallback: ConfiguredLevel;
  readonly minimum: ConfiguredLevel;
}

/** What holds for a kind of a package: the strongest of all minimums that match counts, and raises what is weaker. */
export function decideIsolation(
  packageNames: readonly string[],
  recommended: ConfiguredLevel | undefined,
  { isolation = 'thread', minimumIsolation = {} }: IsolationPolicy,
): KindIsolation {
  const minimum = strongest(
    Object.entries(minimumIsolation).flatMap(([pattern, level]) =>
      packageNames.some((name) => matchesPattern(name, pattern)) ? [level] : [],
    ),
  );
  return { fallback: strongest([recommended ?? isolation, minimum]), minimum };
}

export function isWeaker(level: ConfiguredLevel, than: ConfiguredLevel): boolean {
  return CONFIGURED_LEVELS.indexOf(level) < CONFIGURED_LEVELS.indexOf(than);
}

/** The strongest of these levels; `thread` of none. */
export function strongest(levels: readonly ConfiguredLevel[]): ConfiguredLevel {
  return CONFIGURED_LEVELS.findLast((level) => levels.includes(level)) ?? 'thread';
}
