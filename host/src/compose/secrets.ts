import type { ConnectorConfig } from '@automate/contract';
import type { ProfileConfig } from '../config/host-config.ts';
import type { Environment } from '../host-settings.ts';
import type { WorkerConfig } from '../runtime/runtime.ts';
import { createSecretResolver } from '../secrets/resolver.ts';
import type { Scrubber } from '../secrets/scrubber.ts';
import { createScrubber } from '../secrets/scrubber.ts';

export interface SecretsOptions {
  readonly env: Environment;
  readonly secretsDir: string | undefined;
}

/** Secrets of the connectors: resolved for their workers, and kept out of everything else from then on. */
export interface Secrets {
  readonly scrubber: Scrubber;
  /** A connector's configuration for its worker. Rejects with CONFIG_INVALID that names every field and no value. */
  resolve(config: ConnectorConfig, profiles: ReadonlyMap<string, ProfileConfig>): Promise<WorkerConfig>;
}

/** Opens the resolver and the scrubber that learns from it. */
export function openSecrets({ env, secretsDir }: SecretsOptions): Secrets {
  const scrubber = createScrubber();
  const resolver = createSecretResolver({
    env,
    ...(secretsDir === undefined ? undefined : { secretsDir }),
    learn: (connector, values) => scrubber.learn(connector, values),
  });
  return {
    scrubber,
    resolve: (config, profiles) =>
      resolver.resolveConfig(config, config.profile === undefined ? undefined : profiles.get(config.profile)),
  };
}
