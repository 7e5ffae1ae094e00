import type { ChangeResult, ConnectorConfig, ConnectorConfigInput, JsonObject, Problem } from '@automate/contract';
import { AlreadyExistsError, configRefused, InvalidInputError } from '@automate/contract';
import { toWireConfig } from '@automate/contract/schemas';
import type { FilesPolicy } from '@automate/sdk/runtime';
import { parseRegistered } from '../config/parse-registered.ts';
import type { ConnectorEntry } from '../registry/connector-state.ts';
import type { KindCatalog } from '../registry/kind-catalog.ts';
import type { Registry } from '../registry/registry.ts';
import { withScheme } from '../registry/connector-state.ts';
import { describeOwner } from '../registry/registry.ts';
import type { ConfigCheck } from '../runtime/runtime.ts';
import type { Store } from '../store/store.ts';
import type { Descriptions } from './descriptions.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { LiveConnectors } from './live-connectors.ts';

/** A profile as far as registrations have to know it. */
export interface ProfileFacts {
  readonly kind?: string | undefined;
  readonly enabled: boolean;
  readonly settings: JsonObject;
}

export interface RegistrationsOptions {
  readonly registry: Registry;
  readonly kinds: KindCatalog;
  readonly store: Store;
  readonly live: LiveConnectors;
  readonly descriptions: Descriptions;
  /** Throws where another process may change the set, and this one may not. */
  assertWritable(): void;
  findProfile(name: string): ProfileFacts | undefined;
  /** Which files a connector may use that is registered over the API. */
  filesOf(config: ConnectorConfig, profileSettings: JsonObject | undefined): FilesPolicy;
  /** Default of `health_check.interval`, in milliseconds. */
  readonly healthIntervalMs: number;
  onChange(
    change:
      | { readonly kind: 'added' | 'updated'; readonly entry: ConnectorEntry }
      | { readonly kind: 'removed'; readonly id: string },
  ): void;
}

interface Accepted {
  readonly config: ConnectorConfig;
  readonly written: ConnectorConfig;
  /** What is stored: the input itself, so that a later default takes effect. */
  readonly wire: JsonObject;
}

/** Changes of the set of connectors over the API. Each is checked whole, then written, then put to work: a bad one changes nothing. */
export class Registrations {
  readonly #options: RegistrationsOptions;
  readonly #locks = new KeyedLock();

  constructor(options: RegistrationsOptions) {
    this.#options = options;
  }

  register(input: ConnectorConfigInput): Promise<ChangeResult> {
    return this.#locks.run(String(input.id), async () => {
      const parsed = this.#parse(input);
      const holder = this.#options.registry.find(parsed.config.id);
      if (holder !== undefined) {
        throw new AlreadyExistsError(`a connector "${holder.id}" exists already, ${describeOwner(holder.owner)}`, {
          connector: holder.id,
        });
      }
      await this.#checkAgainstKind(parsed.config);
      this.#options.assertWritable();
      if (!this.#options.store.insert(parsed.config.id, parsed.wire)) throw addedElsewhere(parsed.config.id);
      this.#putToWork('added', parsed);
      return { id: parsed.config.id, message: `registered "${parsed.config.id}"` };
    });
  }

  update(input: ConnectorConfigInput): Promise<ChangeResult> {
    return this.#locks.run(String(input.id), async () => {
      const parsed = this.#parse(input);
      this.#requireApiOwned(parsed.config.id, 'updated');
      await this.#checkAgainstKind(parsed.config);
      this.#options.assertWritable();
      this.#options.store.put(parsed.config.id, parsed.wire);
      this.#putToWork('updated', parsed);
      return { id: parsed.config.id, message: `updated "${parsed.config.id}"` };
    });
  }

  remove(id: string): Promise<ChangeResult> {
    return this.#locks.run(id, async () => {
      this.#requireApiOwned(id, 'removed');
      this.#options.assertWritable();
      this.#options.store.delete(id);
      this.#options.registry.remove(id);
      this.#options.live.close(id);
      this.#options.onChange({ kind: 'removed', id });
      return { id, message: `removed "${id}"` };
    });
  }

  #putToWork(kind: 'added' | 'updated', { config, written }: Accepted): void {
    const entry = this.#options.registry.replace({ owner: 'api', config, written });
    this.#options.live.open(entry);
    this.#options.onChange({ kind, entry });
  }

  #requireApiOwned(id: string, verb: string): void {
    const { owner } = this.#options.registry.get(id);
    if (owner === 'api') return;
    throw new InvalidInputError(`the connector "${id}" cannot be ${verb} over the API: it is ${describeOwner(owner)}`, {
      connector: id,
      details: { reason: 'not_owned', owner },
    });
  }

  #parse(input: ConnectorConfigInput): Accepted {
    const wire = toWireConfig(input);
    const parsed = parseRegistered(wire, { healthIntervalMs: this.#options.healthIntervalMs });
    if (!parsed.ok) throw configRefused(input.id, parsed.problems);
    return { config: parsed.config, written: parsed.written, wire };
  }

  async #checkAgainstKind(config: ConnectorConfig): Promise<void> {
    const kind = this.#options.kinds.find(config.kind);
    const problems = [...this.#checkProfile(config), ...checkHealthPath(withScheme(config, kind))];
    if (kind === undefined) {
      const missing = this.#options.kinds.explainMissing(config.kind);
      // The id was taken for the kind's name, as none was given.
      const named = config.kind !== config.id;
      problems.push({
        path: 'kind',
        expected: 'the name of an installed kind',
        received: JSON.stringify(config.kind),
        message: named ? missing : `${missing}; or name a kind, messages of the original interface in metadata["kind"]`,
      });
    }
    if (problems.length > 0 || kind === undefined) throw configRefused(config.id, problems);
    const inspection = await this.#options.descriptions.inspect(kind, this.#checkOf(config));
    if (inspection.problems.length > 0) throw configRefused(config.id, inspection.problems);
  }

  #checkOf(config: ConnectorConfig): ConfigCheck {
    const profile = config.profile === undefined ? undefined : this.#options.findProfile(config.profile);
    return {
      settings: { ...profile?.settings, ...config.settings },
      ...(config.tls === undefined ? {} : { tls: config.tls }),
      files: this.#options.filesOf(config, profile?.settings),
    };
  }

  #checkProfile({ profile: name, kind }: ConnectorConfig): Problem[] {
    if (name === undefined) return [];
    const profile = this.#options.findProfile(name);
    const received = JSON.stringify(name);
    if (profile === undefined)
      return [{ path: 'profile', expected: 'the name of a profile of the configuration file', received }];
    if (!profile.enabled) return [{ path: 'profile', expected: 'a profile that is enabled', received }];
    if (profile.kind === undefined || profile.kind === kind) return [];
    return [
      {
        path: 'profile',
        expected: `a profile for the kind "${kind}"`,
        received: `${received}, which is for "${profile.kind}"`,
      },
    ];
  }
}

function addedElsewhere(id: string): AlreadyExistsError {
  return new AlreadyExistsError(
    `a connector "${id}" exists already: another program registered it since this one began; open the service anew to see it`,
    { connector: id },
  );
}

/** A path can only be asked for at an http(s) endpoint. */
export function checkHealthPath({ healthCheck, scheme, host }: ConnectorConfig): Problem[] {
  if (healthCheck.path === undefined || (host !== undefined && /^https?$/.test(scheme ?? 'http'))) return [];
  return [
    {
      path: 'health_check.path',
      expected: 'nothing, since the connector has no http(s) endpoint: give it a host, or leave the path out',
      received: JSON.stringify(healthCheck.path),
    },
  ];
}
