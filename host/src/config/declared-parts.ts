import { isJsonObject } from '@automate/contract';
import type { JsonValue } from '@automate/contract';
import { readConfigText } from './read-config-text.ts';

/**
 * What the text of a configuration file declares, part by part: `connectors.ID`, `profiles.NAME`, and each other section as a whole. Each is a
 * text that is the same where the same is said, in whichever order, and has secrets that are written out. Variables stand as they are
 * written.
 */
export function declaredParts(text: string): ReadonlyMap<string, string> {
  const { value } = readConfigText(text).values;
  if (!isJsonObject(value)) return new Map();
  return new Map(
    Object.entries(value)
      .flatMap(([section, says]) => partsOf(section, says))
      .map(([part, says]) => [part, JSON.stringify(says, inOrder)] as const),
  );
}

function partsOf(section: string, says: JsonValue | undefined): readonly (readonly [string, JsonValue | undefined])[] {
  if (section === 'connectors' && Array.isArray(says))
    return says.map((each, index) => {
      const id = isJsonObject(each) ? each['id'] : undefined;
      return [`${section}.${typeof id === 'string' ? id : index}`, each] as const;
    });
  if (section === 'profiles' && isJsonObject(says))
    return Object.entries(says).map(([name, each]) => [`${section}.${name}`, each] as const);
  return [[section, says]];
}

/** The order of an object's keys says nothing. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
