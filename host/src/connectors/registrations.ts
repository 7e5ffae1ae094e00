import { isDeepStrictEqual } from 'node:util';
import type { ChangeResult, ConnectorConfig, ConnectorConfigInput, JsonObject, Problem } from '@automate/contract';
import { AlreadyExistsError, InvalidInputError, quote } from '@automate/contract';
import { configRefused } from '@automate/contract/service';
import { checkProfile, toWireConfig } from '@automate/contract/schemas';
import type { FilesPolicy } from '@automate/sdk/runtime';
import type { ProfileConfig } from '../config/host-config.ts';
import { parseRegistered } from '../config/parse-registered.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import type { ConfigCheck } from '../runtime/runtime.ts';
import type { StoredConnector } from '../store/connector-store.ts';
import type { Changes, Plan } from './changes.ts';
import { checkWithKind } from './check-with-kind.ts';
import type { ConnectorEntry } from './connector-state.ts';
import type { Descriptions } from './descriptions.ts';
import type { PathOwner } from './files-policy.ts';
import type { Registry } from './registry.ts';
import { describeOwner } from './registry.ts';

export interface RegistrationsOptions {
  readonly changes: Changes;
  readonly descriptions: Descriptions;
  /** Throws where another process may change the set, and this one may not. */
  assertWritable(): void;
  /** Which files a connector may use that is registered over the API. */
  filesOf(owner: PathOwner): FilesPolicy;
  /** Whether callers have to sign in. */
  signInRequired(): boolean;
}

interface Accepted {
  readonly config: ConnectorConfig;
  /** What is stored: the input itself, so that a later default takes effect. */
  readonly wire: JsonObject;
}

/** Changes of the set of connectors over the API. Each is checked whole, then written, then put to work: a bad one changes nothing. */
export class Registrations {
  readonly #options: RegistrationsOptions;

  constructor(options: RegistrationsOptions) {
    this.#options = options;
  }

  register(input: ConnectorConfigInput): Promise<ChangeResult> {
    const { config, wire } = this.#parse(input);
    const { id } = config;
    return this.#change(config, (now) => {
      const holder = now.find(id);
      if (holder !== undefined)
        throw new AlreadyExistsError(`a connector "${id}" exists already, ${describeOwner(holder.owner)}`, {
          connector: id,
        });
      return {
        one: { id, stored: this.#rowOf(id, wire) },
        write: async (store) => {
          if (!(await store.put(id, wire, 'absent', this.#anyAddress))) throw addedElsewhere(id);
        },
        answer: () => ({ id, message: `registered "${id}"` }),
      };
    });
  }

  update(input: ConnectorConfigInput): Promise<ChangeResult> {
    const { config, wire } = this.#parse(input);
    const { id } = config;
    return this.#change(config, (now) => {
      requireApiOwned(now.get(id), 'updated');
      return {
        one: { id, stored: this.#rowOf(id, wire) },
        write: (store) => store.put(id, wire, undefined, this.#anyAddress),
        answer: () => ({ id, message: `updated "${id}"` }),
      };
    });
  }

  remove(id: string): Promise<ChangeResult> {
    return this.#options.changes.ofOne(id, (now) => {
      const entry = now.find(id);
      if (entry !== undefined) requireApiOwned(entry, 'removed');
      this.#options.assertWritable();
      return {
        one: { id, stored: null },
        write: async (store) => {
          // What is stored and was left out, as it cannot be read, can be removed too.
          if (!(await store.delete(id)) && entry === undefined) now.get(id);
        },
        answer: () => ({ id, message: `removed "${id}"` }),
      };
    });
  }

  /** A change to a configuration that its kind takes, as both stand when it is made. */
  #change(config: ConnectorConfig, plan: (now: Registry) => Plan<ChangeResult>): Promise<ChangeResult> {
    let asked: { readonly kind: Kind; readonly check: ConfigCheck; readonly problems: readonly Problem[] } | undefined;
    return this.#options.changes.ofOne(config.id, (now) => {
      const planned = plan(now);
      const kind = this.#requireKind(config, now);
      const check = this.#checkOf(config, now);
      if (asked?.kind !== kind || !isDeepStrictEqual(asked.check, check))
        return this.#options.descriptions.inspect(config.id, kind, check).then(({ problems }) => {
          asked = { kind, check, problems };
        });
      if (asked.problems.length > 0) throw configRefused(config.id, asked.problems);
      this.#options.assertWritable();
      return planned;
    });
  }

  /** A row as it is going to be stored. */
  #rowOf(id: string, config: JsonObject): StoredConnector {
    return { id, config, anyPath: false, anyAddress: this.#anyAddress, updatedAt: '' };
  }

  /** Who need not sign in is of this machine, where the operator lets them do so. */
  get #anyAddress(): boolean {
    return !this.#options.signInRequired();
  }

  #parse(input: ConnectorConfigInput): Accepted {
    const wire = toWireConfig(input);
    const parsed = parseRegistered(wire);
    if (!parsed.ok) throw configRefused(input.id, parsed.problems);
    return { config: parsed.config, wire };
  }

  #requireKind(config: ConnectorConfig, now: Registry): Kind {
    const { kinds } = now.sources;
    const kind = kinds.find(config.kind);
    const problems = [...checkProfile(config, profileOf(config, now)), ...checkWithKind(config, kind)];
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
    const profile = profileOf(config, now);
    return {
      settings: { ...profile?.settings, ...config.settings },
      tls: config.tls,
      isolation: config.isolation,
      files: this.#options.filesOf({
        owner: 'api',
        anyPath: false,
        config,
        profileSettings: profile?.settings,
        fileRoots: now.sources.config.fileRoots,
      }),
    };
  }
}

function profileOf({ profile }: ConnectorConfig, now: Registry): ProfileConfig | undefined {
  return profile === undefined ? undefined : now.sources.config.profiles.get(profile);
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
