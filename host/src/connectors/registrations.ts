// Long, as a registration is read, checked, stored and put to work, or only tried, in one place, where nothing can be left out of the one or the other.
import { isDeepStrictEqual } from 'node:util';
import type {
  ChangeResult,
  ConnectorConfig,
  ConnectorConfigInput,
  JsonObject,
  Principal,
  Problem,
} from '@automate/contract';
import { AlreadyExistsError, InvalidInputError, LOCAL_PRINCIPAL, quote } from '@automate/contract';
import { configRefused } from '@automate/contract/service';
import { checkProfile, parseConnectorConfig, toWireConfig } from '@automate/contract/schemas';
import type { FilesPolicy } from '@automate/sdk/runtime';
import type { NetworkConfig } from '../config/host-config.ts';
import { parseRegistered } from '../config/parse-registered.ts';
import type { ParsedRegistration } from '../config/parse-registered.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import type { ConfigCheck } from '../runtime/runtime.ts';
import { explainKey } from '../secrets/secret-operations.ts';
import type { SecretVault } from '../secrets/secret-vault.ts';
import type { ConnectorStore, StoredConnector } from '../store/connector-store.ts';
import type { SecretId } from '../store/secret-store.ts';
import type { Changes, Plan } from './changes.ts';
import { findClearSecrets } from './clear-texts.ts';
import { checkWithKind } from './check-with-kind.ts';
import type { ConnectorEntry } from './connector-state.ts';
import { withScheme } from './connector-state.ts';
import type { Descriptions } from './descriptions.ts';
import { explainDeniedTarget } from './denied-target.ts';
import type { PathOwner } from './files-policy.ts';
import { KeyedLock } from './keyed-lock.ts';
import { maskConfig } from './mask-config.ts';
import { dropUnused, readStored, requireBound, settleReferences, storeLiterals } from './registered-secrets.ts';
import { planConnectors } from './plan-connectors.ts';
import type { NetworkPolicies } from './network-policies.ts';
import type { Registry } from './registry.ts';
import { describeOwner, findProfile } from './registry.ts';
import { isUsedSecret } from './secret-uses.ts';

export interface RegistrationsOptions {
  readonly registry: Registry;
  readonly changes: Changes;
  readonly descriptions: Descriptions;
  readonly vault: SecretVault;
  readonly store: Pick<ConnectorStore, 'load' | 'delete'>;
  /** Throws where another process may change the set, and this one may not. */
  assertWritable(): void;
  /** Which files a connector may use that is registered over the API. */
  filesOf(owner: PathOwner): FilesPolicy;
  /** Where a connector may connect to. */
  networkOf: NetworkPolicies['of'];
  /** Whether callers have to sign in. */
  signInRequired(): boolean;
}

/** Of what is only tried out the health is looked at once. */
const NO_CHECKS_MS = 60_000;

/** What a change of one connector is about. */
interface Change {
  /** Throws where it must not be made as things stand. */
  assert(now: Registry): unknown;
  write(store: ConnectorStore, wire: JsonObject): Promise<unknown>;
  /** What it answers. */
  readonly message: string;
}

/** What a registration comes to with what stands. */
interface Asked {
  /** The input itself, so that a later default takes effect; its literal secrets are still in it. */
  readonly wire: JsonObject;
  readonly written: ConnectorConfig;
  readonly kind: Kind;
  readonly check: ConfigCheck;
  /** The configuration, with the scheme of its kind. */
  readonly target: ConnectorConfig;
  readonly network: NetworkConfig;
}

/** What is to be stored, and why its host is not going to be reached, if it is not. */
interface Prepared {
  readonly stored: JsonObject;
  readonly denied: string | undefined;
}

/** Changes of the set of connectors over the API. Each is checked whole, then written, then put to work: a bad one changes nothing. */
export class Registrations {
  readonly #options: RegistrationsOptions;
  /** Secrets of one connector are stored and dropped by one change at a time. */
  readonly #lanes = new KeyedLock();

  constructor(options: RegistrationsOptions) {
    this.#options = options;
  }

  register(input: ConnectorConfigInput, principal: Principal = LOCAL_PRINCIPAL): Promise<ChangeResult> {
    const { id } = input;
    return this.#change(input, principal, {
      assert(now) {
        const holder = now.find(id);
        if (holder !== undefined)
          throw new AlreadyExistsError(`a connector "${id}" exists already, ${describeOwner(holder.owner)}`, {
            connector: id,
          });
      },
      write: async (store, wire) => {
        if (!(await store.put(id, wire, 'absent', this.#anyAddress))) throw addedElsewhere(id);
      },
      message: `registered "${id}"`,
    });
  }

  update(input: ConnectorConfigInput, principal: Principal = LOCAL_PRINCIPAL): Promise<ChangeResult> {
    const { id } = input;
    return this.#change(input, principal, {
      assert: (now) => requireApiOwned(now.get(id, principal), 'updated'),
      write: (store, wire) => store.put(id, wire, undefined, this.#anyAddress),
      message: `updated "${id}"`,
    });
  }

  /** Removes a connector; of one that stands in the file, what was registered of the same id, and is hidden behind it. */
  remove(id: string, principal: Principal = LOCAL_PRINCIPAL): Promise<ChangeResult> {
    const { changes, assertWritable } = this.#options;
    return this.#lanes.run(id, async () => {
      const hidden = await this.#removeHidden(id);
      if (hidden !== undefined) return hidden;
      const result = await changes.ofOne(id, (now): Plan<ChangeResult> => {
        const entry = now.find(id);
        if (entry !== undefined) requireApiOwned(entry, 'removed');
        assertWritable();
        return {
          one: { id, stored: null },
          write: async (store) => {
            // What is stored and was left out, as it cannot be read, can be removed too.
            if (!(await store.delete(id)) && entry === undefined) now.get(id, principal);
          },
          answer: () => ({ id, message: `removed "${id}"` }),
        };
      });
      await this.#dropUnused(id);
      return result;
    });
  }

  /** Undefined where none is hidden. */
  async #removeHidden(id: string): Promise<ChangeResult | undefined> {
    const { changes, registry, store, assertWritable } = this.#options;
    const isHidden = await changes.between(async () => {
      if (registry.find(id)?.owner !== 'file' || !(await store.load()).some((row) => row.id === id)) return false;
      assertWritable();
      return store.delete(id);
    });
    if (!isHidden) return undefined;
    await this.#dropUnused(id);
    return { id, message: `removed what was registered as "${id}"; the connector in the configuration file goes on` };
  }

  /** A configuration as it would be registered, once its kind takes it; nothing is stored. Throws what registering it would. */
  async check(
    input: ConnectorConfigInput,
    principal: Principal = LOCAL_PRINCIPAL,
  ): Promise<{ readonly entry: ConnectorEntry; readonly kind: Kind }> {
    const { registry, vault, descriptions } = this.#options;
    const { id } = input;
    const sent = toWireConfig(input);
    const parsed = parseConnectorConfig(sent, { from: 'caller' });
    if (!parsed.ok) throw configRefused(id, parsed.problems);
    const standing = registry.find(id);
    if (standing !== undefined) requireApiOwned(standing, 'tested with another configuration');
    const { wire, kind, check } = this.#ask({ id, wire: sent, principal }, registry);
    const settings = await readStored(vault, id, check.settings);
    const { problems } = await descriptions.inspect(id, kind, { ...check, settings });
    if (problems.length > 0) throw configRefused(id, problems);
    const { entries } = planConnectors({
      ...registry.sources,
      overlays: new Map(),
      stored: [this.#rowOf(id, { ...wire, enabled: true })],
      healthIntervalMs: NO_CHECKS_MS,
      only: id,
    });
    const entry = entries.get(id);
    if (entry === undefined) throw new Error(`the configuration of "${id}" was taken, and cannot be read`);
    return { entry, kind };
  }

  /** A change to a configuration that its kind takes, as both stand when it is made, with its secrets in the store. */
  async #change(input: ConnectorConfigInput, principal: Principal, change: Change): Promise<ChangeResult> {
    const { changes, assertWritable } = this.#options;
    const wire = toWireConfig(input);
    const parsed = parseConnectorConfig(wire, { from: 'caller' });
    if (!parsed.ok) throw configRefused(input.id, parsed.problems);
    const { id } = input;
    return this.#lanes.run(id, async () => {
      let ready: ({ readonly asked: Asked } & Prepared) | undefined;
      let mayHaveStored = false;
      try {
        return await changes.ofOne(id, (now): Plan<ChangeResult> | Promise<unknown> => {
          change.assert(now);
          const asked = this.#ask({ id, wire, principal }, now);
          assertWritable();
          if (ready === undefined || !isDeepStrictEqual(ready.asked, asked)) {
            mayHaveStored = true;
            return this.#prepare(id, asked).then((prepared) => {
              ready = { asked, ...prepared };
            });
          }
          const { stored, denied } = ready;
          const message = denied === undefined ? change.message : `${change.message}, but as it stands ${denied}`;
          return {
            one: { id, stored: this.#rowOf(id, stored) },
            write: (store) => change.write(store, stored),
            answer: () => ({ id, message }),
          };
        });
      } finally {
        // Secrets of the registration before this one, or of this one, where it does not stand.
        if (mayHaveStored) await this.#dropUnused(id);
      }
    });
  }

  /** What cannot be dropped now is dropped at the next change, or when the host starts again. */
  async #dropUnused(id: string): Promise<void> {
    const { registry, store, vault } = this.#options;
    const isUsed = (secret: SecretId): boolean => isUsedSecret(registry, secret);
    try {
      // As it is stored, since one that was left out has its secrets too.
      const row = (await store.load()).find((stored) => stored.id === id);
      if (row?.fault === undefined)
        await dropUnused(vault, { kind: 'connector', name: id }, [row?.config ?? {}], isUsed);
    } catch {
      // See above.
    }
  }

  /** What the registration comes to, with what stands. Throws where the caller may not ask for it. */
  #ask(sent: { readonly id: string; readonly wire: JsonObject; readonly principal: Principal }, now: Registry): Asked {
    const { id, principal } = sent;
    const owner = { kind: 'connector', name: id } as const;
    const standing = now.find(id);
    const before = standing === undefined ? undefined : toWireConfig(standing.written);
    const refuse = (problems: readonly Problem[]): Error => configRefused(id, problems);
    const wire = settleReferences({ owner, wire: sent.wire, principal, before, refuse });
    const clear = findClearSecrets(wire, owner);
    if (clear.length > 0) throw refuse(clear);
    const { config, written } = this.#read(id, wire);
    const kind = this.#requireKind(config, now);
    const after = withScheme(config, kind);
    requireBound({ owner, principal }, standing, after, findProfile(now.sources, config.profile));
    const { network } = now.sources.config;
    return { wire, written, kind, check: this.#checkOf(config, now), target: after, network };
  }

  /** Has the kind check it, and moves its literal secrets into the store. Gives what is to be stored. */
  async #prepare(id: string, { wire, written, kind, check, target, network }: Asked): Promise<Prepared> {
    const { vault, descriptions } = this.#options;
    const settings = await readStored(vault, id, check.settings);
    const { problems, description } = await descriptions.inspect(id, kind, { ...check, settings });
    if (problems.length > 0) throw configRefused(id, problems);
    const masked = toWireConfig(maskConfig(written, description.configSchema, true));
    const entry = { owner: 'api', anyAddress: this.#anyAddress, network, config: target } as const;
    const denied = await explainDeniedTarget(target, this.#options.networkOf(entry, kind));
    const stored = await storeLiterals(vault, { kind: 'connector', name: id }, wire, masked).catch(explainKey);
    return { stored, denied };
  }

  /** A row as it is going to be stored. */
  #rowOf(id: string, config: JsonObject): StoredConnector {
    return { id, config, anyPath: false, anyAddress: this.#anyAddress, sealed: true, updatedAt: '' };
  }

  /** Who need not sign in is of this machine, where the operator lets them do so. */
  get #anyAddress(): boolean {
    return !this.#options.signInRequired();
  }

  #read(id: string, wire: JsonObject): ParsedRegistration & { readonly ok: true } {
    const parsed = parseRegistered(wire);
    if (!parsed.ok) throw configRefused(id, parsed.problems);
    return parsed;
  }

  #requireKind(config: ConnectorConfig, now: Registry): Kind {
    const { kinds } = now.sources;
    const kind = kinds.find(config.kind);
    const problems = [
      ...checkProfile(config, findProfile(now.sources, config.profile)),
      ...checkWithKind(config, kind),
    ];
    if (kind === undefined) {
      const missing = kinds.explainMissing(config.kind);
      // The id was taken for the kind's name, as none was given.
      const named = config.kind !== config.id;
      problems.push({
        path: 'kind',
        expected: 'the name of an installed kind',
        received: quote(config.kind),
        message: named ? missing : `${missing}; or name a kind, messages of the original interface in metadata["kind"]`,
      });
    }
    if (problems.length > 0 || kind === undefined) throw configRefused(config.id, problems);
    return kind;
  }

  #checkOf(config: ConnectorConfig, now: Registry): ConfigCheck {
    const profile = findProfile(now.sources, config.profile);
    return {
      settings: { ...profile?.settings, ...config.settings },
      tls: config.tls,
      webhook: config.webhook,
      isolation: config.isolation,
      files: this.#options.filesOf({
        owner: 'api',
        anyPath: false,
        config,
        profileSettings: profile?.owner === 'file' ? profile.settings : undefined,
        fileRoots: now.sources.config.fileRoots,
        kind: now.sources.kinds.find(config.kind),
      }),
    };
  }
}

function requireApiOwned({ id, owner }: ConnectorEntry, verb: string): void {
  if (owner === 'api') return;
  throw new InvalidInputError(`the connector "${id}" cannot be ${verb} over the API: it is ${describeOwner(owner)}`, {
    connector: id,
    details: { reason: 'not_owned', owner },
  });
}

function addedElsewhere(id: string): AlreadyExistsError {
  return new AlreadyExistsError(
    `a connector "${id}" exists already: another program registered it since this one began; open the service anew to see it`,
    { connector: id },
  );
}
