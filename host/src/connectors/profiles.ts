import { isDeepStrictEqual } from 'node:util';
import type {
  ConnectorConfig,
  JsonObject,
  Principal,
  Problem,
  ProfileChange,
  ProfileInfo,
  SetProfileRequest,
} from '@automate/contract';
import { describeProblem, InvalidInputError, LOCAL_PRINCIPAL, NotFoundError, quote } from '@automate/contract';
import { parseProfile } from '@automate/contract/schemas';
import { profileRefused } from '@automate/contract/service';
import type { ProfileConfig } from '../config/host-config.ts';
import { parseSetProfile } from '../config/parse-registered.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import { explainKey } from '../secrets/secret-operations.ts';
import type { SecretVault } from '../secrets/secret-vault.ts';
import type { ProfileStore, StoredProfile } from '../store/profile-store.ts';
import type { AppliedChange, Changes, Plan } from './changes.ts';
import { findClearSecrets } from './clear-texts.ts';
import type { Descriptions } from './descriptions.ts';
import { maskProfile } from './mask-config.ts';
import { dropUnused, requireBoundProfile, settleReferences, storeLiterals } from './registered-secrets.ts';
import { allProfiles } from './registry.ts';
import { isUsedSecret } from './secret-uses.ts';
import type { Registry } from './registry.ts';

export interface ProfilesOptions {
  readonly registry: Registry;
  readonly changes: Changes;
  readonly descriptions: Descriptions;
  readonly vault: SecretVault;
  readonly store: ProfileStore;
  /** Throws where another process serves the data directory, which has to know of every change. */
  assertWritable(): void;
}

/** What a profile that is sent comes to with what stands. */
interface Asked {
  /** As it is to be stored, but that its literal secrets are still in it. */
  readonly wire: JsonObject;
  readonly kind: Kind;
}

/**
 * Connection profiles, and changes of those that are set over the API. A change is checked whole, then written, then put to work by the
 * writer: each connector that uses the profile is tried with it first, and goes on as it was where that fails.
 */
export class Profiles {
  readonly #options: ProfilesOptions;

  constructor(options: ProfilesOptions) {
    this.#options = options;
  }

  list(): readonly ProfileInfo[] {
    const { registry, descriptions } = this.#options;
    const { sources } = registry;
    const all = [...allProfiles(sources).values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return all.map(({ name, owner, kind: kindName, environment, enabled, written }) => {
      const kind = sources.kinds.find(kindName);
      const description = kind && descriptions.findOfKind(kind, registry.all());
      return {
        name,
        kind: kindName,
        environment,
        enabled,
        owner,
        ...maskProfile(written, description?.configSchema, description !== undefined),
        usedBy: usersOf(name, registry).map(({ id }) => id),
        ...(owner === 'file' && sources.setProfiles.has(name) ? { hidesOther: true } : {}),
      };
    });
  }

  async set(request: SetProfileRequest, principal: Principal = LOCAL_PRINCIPAL): Promise<ProfileChange> {
    const { changes, store, assertWritable } = this.#options;
    const { name, ...given } = request;
    const parsed = parseProfile(name, given, { from: 'caller' });
    if (!parsed.ok) throw profileRefused(name, parsed.problems);
    const sent = parsed.profile as JsonObject;
    let mayHaveStored = false;
    try {
      return await changes.ofAll<ProfileChange>(() => {
        let ready: { readonly asked: Asked; readonly stored: JsonObject; readonly profile: ProfileConfig } | undefined;
        return (now): Plan<ProfileChange> | Promise<unknown> => {
          const asked = this.#ask(name, sent, principal, now);
          assertWritable();
          if (
            ready === undefined ||
            !isDeepStrictEqual(ready.asked.wire, asked.wire) ||
            ready.asked.kind !== asked.kind
          ) {
            mayHaveStored = true;
            return this.#prepare(name, asked).then((stored) => {
              ready = { asked, ...stored };
            });
          }
          const { stored, profile } = ready;
          return {
            sources: { setProfiles: new Map(now.sources.setProfiles).set(name, profile) },
            write: () => store.put(name, stored),
            answer: (change) => answerOf(name, change),
          };
        };
      });
    } finally {
      // Secrets of the profile before this one, or of this one, where it does not stand.
      if (mayHaveStored) await this.#dropUnused(name);
    }
  }

  async remove(name: string): Promise<ProfileChange> {
    const { changes, store, assertWritable } = this.#options;
    const result = await changes.ofAll<ProfileChange>(() => (now): Plan<ProfileChange> => {
      const { config, setProfiles } = now.sources;
      const isHidden = config.profiles.has(name);
      if (isHidden && !setProfiles.has(name)) throw ownedByFile(name, 'removed');
      const users = isHidden ? [] : usersOf(name, now).map(({ id }) => id);
      if (setProfiles.has(name) && users.length > 0) throw inUse(name, users);
      assertWritable();
      const left = new Map(setProfiles);
      left.delete(name);
      return {
        sources: { setProfiles: left },
        write: async () => {
          // What is stored and was left out, as it cannot be read, can be removed too.
          if (!(await store.delete(name)) && !setProfiles.has(name)) throw unknownProfile(name);
        },
        answer: () => ({ name, message: `removed the profile "${name}"`, heldBack: [] }),
      };
    });
    await this.#dropUnused(name);
    return result;
  }

  /** What the profile comes to, with what stands. Throws where the caller may not ask for it. */
  #ask(name: string, sent: JsonObject, principal: Principal, now: Registry): Asked {
    if (now.sources.config.profiles.has(name)) throw ownedByFile(name, 'set');
    const owner = { kind: 'profile', name } as const;
    const standing = now.sources.setProfiles.get(name);
    const before = standing && { kind: standing.kind, ...standing.written };
    const refuse = (problems: readonly Problem[]): Error => profileRefused(name, problems);
    const wire = settleReferences({ owner, wire: sent, principal, before, refuse });
    const clear = findClearSecrets(wire, owner);
    if (clear.length > 0) throw refuse(clear);
    const kindName = wire['kind'] as string;
    const kind = now.sources.kinds.find(kindName);
    if (kind === undefined) {
      const message = now.sources.kinds.explainMissing(kindName);
      throw refuse([{ path: 'kind', expected: 'the name of an installed kind', received: quote(kindName), message }]);
    }
    requireBoundProfile({ owner, principal, before }, wire, usersOf(name, now));
    return { wire, kind };
  }

  /** Moves its literal secrets into the store; which they are the kind says. */
  async #prepare(
    name: string,
    { wire, kind }: Asked,
  ): Promise<{ readonly stored: JsonObject; readonly profile: ProfileConfig }> {
    const { descriptions, vault } = this.#options;
    const description = await descriptions.describeKind(kind);
    const written = {
      settings: (wire['settings'] ?? {}) as JsonObject,
      secrets: (wire['secrets'] ?? {}) as Record<string, string>,
    };
    const masked = maskProfile(written, description.configSchema, true);
    const stored = await storeLiterals(vault, { kind: 'profile', name }, wire, { ...masked }).catch(explainKey);
    const parsed = parseSetProfile(name, stored);
    if (!parsed.ok) throw profileRefused(name, parsed.problems);
    return { stored, profile: parsed.profile };
  }

  /** What cannot be dropped now is dropped at the next change, or when the host starts again. */
  async #dropUnused(name: string): Promise<void> {
    const { store, vault, registry } = this.#options;
    try {
      const row = (await store.load()).find((stored) => stored.name === name);
      if (row?.fault !== undefined) return;
      // Connectors that were held back go on with the profile as it was.
      const held = registry.all().flatMap(({ profile }) => (profile?.name === name ? [profile] : []));
      const users = [
        row?.config ?? {},
        ...held.map(({ settings, secrets }) => ({ settings, secrets: { ...secrets } })),
      ];
      await dropUnused(vault, { kind: 'profile', name }, users, (secret) => isUsedSecret(registry, secret));
    } catch {
      // See above.
    }
  }
}

/** The profiles that were set, and what to say of those that are left out. */
export function readProfiles(rows: readonly StoredProfile[]): {
  readonly profiles: ReadonlyMap<string, ProfileConfig>;
  readonly warnings: readonly string[];
} {
  const profiles = new Map<string, ProfileConfig>();
  const warnings: string[] = [];
  for (const { name, config, fault } of rows) {
    const parsed = parseSetProfile(name, config);
    if (fault === undefined && parsed.ok) profiles.set(name, parsed.profile);
    else {
      const why = fault ?? (parsed.ok ? '' : parsed.problems.map(describeProblem).join('; '));
      warnings.push(`the profile "${name}", which was set over the API, is left out: ${why}`);
    }
  }
  return { profiles, warnings };
}

function usersOf(name: string, now: Registry): readonly ConnectorConfig[] {
  return now.all().flatMap(({ config }) => (config.profile === name ? [config] : []));
}

function answerOf(name: string, { updated, heldBack }: AppliedChange): ProfileChange {
  const running = updated.length === 0 ? '' : `; connectors that run with it from now on: ${updated.join(', ')}`;
  const held = heldBack.map(
    ({ id, reason }) => `; "${id}" goes on as it was: with the profile, which was tried beside it, ${reason}`,
  );
  return {
    name,
    message: `set the profile "${name}"${running}${held.join('')}`,
    heldBack: heldBack.map(({ id, reason }) => ({ connector: id, reason })),
  };
}

function ownedByFile(name: string, verb: string): InvalidInputError {
  return new InvalidInputError(
    `the profile "${name}" cannot be ${verb} over the API: it stands in the configuration file, which wins: change it there`,
    { details: { reason: 'not_owned', owner: 'file' } },
  );
}

function inUse(name: string, users: readonly string[]): InvalidInputError {
  const named = users.map((id) => `"${id}"`).join(', ');
  return new InvalidInputError(
    `the profile "${name}" is used by ${users.length === 1 ? 'the connector' : 'the connectors'} ${named}, which could not start without it: change or remove ${users.length === 1 ? 'that' : 'those'} first`,
    { details: { reason: 'profile_in_use', used_by: [...users] } },
  );
}

function unknownProfile(name: string): NotFoundError {
  return new NotFoundError(`there is no profile ${quote(name)} that was set over the API`, {
    details: { reason: 'unknown_profile' },
  });
}
