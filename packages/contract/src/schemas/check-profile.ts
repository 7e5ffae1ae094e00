import { quote } from '../quote.ts';
import type { ConnectorConfig } from '../config-types.ts';
import type { Problem } from '../problem.ts';

/**
 * What is wrong with the profile that a connector names, in the words of every place that finds it.
 *
 * @param profile the one of that name, where there is one
 * @param names those that there are, for who may know them
 */
export function checkProfile(
  { profile: name, kind }: ConnectorConfig,
  profile: { readonly kind: string; readonly enabled?: boolean } | undefined,
  names?: readonly string[],
): readonly Problem[] {
  if (name === undefined) return [];
  const refused = (expected: string, rest = ''): readonly Problem[] => [
    { path: 'profile', expected, received: `${quote(name)}${rest}` },
  ];
  if (profile === undefined) {
    const known =
      names === undefined ? '' : ` (${names.length === 0 ? 'there are none' : `there are ${names.join(', ')}`})`;
    return refused(`the name of an entry of profiles${known}`);
  }
  if (profile.enabled === false) return refused('a profile that is enabled', ', which is not');
  if (profile.kind === kind) return [];
  return refused(`a profile of the kind ${kind}`, `, which is of the kind ${profile.kind}`);
}
