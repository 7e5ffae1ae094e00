import type { InstalledKind } from '../../config/default-config.ts';
import { describeKinds } from './describe-kinds.ts';
import { lookAtProject } from './look-at-project.ts';

export interface InstalledKinds {
  readonly kinds: readonly InstalledKind[];
  /** Why the settings of others are not known, a sentence each. */
  readonly left: readonly string[];
}

/**
 * The kinds that a project's admitted packages declare, each with what it says of its settings.
 *
 * @throws HostConfigError where the configuration or the lock is broken
 */
export async function readInstalledKinds(machine: Parameters<typeof lookAtProject>[0]): Promise<InstalledKinds> {
  const { looked } = await lookAtProject(machine);
  const described = await describeKinds([...looked.discovery.declarations.values()]);
  const left: string[] = [];
  const kinds = [...described].map(([declaration, about]): InstalledKind => {
    const { kind, title, packageName, scheme, autoconfigure } = declaration;
    if (!about.ok) left.push(`the settings of the kind "${kind}" are not known: ${about.reason}`);
    const settings = about.ok ? about.description.configSchema : undefined;
    return { kind, title, packageName, scheme, autoconfigure, ...(settings === undefined ? {} : { settings }) };
  });
  return { kinds: kinds.toSorted((one, other) => (one.kind < other.kind ? -1 : 1)), left };
}
