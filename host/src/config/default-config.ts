import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configFileJsonSchema } from '@automate/contract/schemas';
import { SEARCH_PLACES } from './find-config.ts';

/** What a new project starts with. */
export const DEFAULT_CONFIG = `# yaml-language-server: $schema=./connectors.schema.json
#
# The connectors that this host runs. Values may hold \${VAR} and \${VAR:-default}; below auth and settings also
# secretref://store/NAMESPACE/NAME (set by "automate secrets set NAMESPACE/NAME"), secretref://env/default/NAME (an environment
# variable) and secretref://file/NAMESPACE/NAME (the file $SECRETS_DIR/NAMESPACE/NAME, mode 0600). Durations are written 250ms, 30s, 1m30s.

connectors:
  - id: prometheus
    name: Prometheus
    type: observability
    mode: local
    enabled: true
    host: \${PROMETHEUS_HOST:-localhost}
    port: \${PROMETHEUS_PORT:-9090}
    scheme: http
    health_check:
      enabled: true
      interval: 30s
      timeout: 5s
      path: /-/healthy

  # Set enabled to true once a package that provides the kind is installed.
  - id: grafana
    name: Grafana
    type: observability
    mode: local
    enabled: false
    host: \${GRAFANA_HOST:-localhost}
    port: \${GRAFANA_PORT:-3000}
    scheme: http
    auth:
      type: bearer
      token: secretref://env/default/GRAFANA_TOKEN
    health_check:
      enabled: true
      interval: 30s
      timeout: 5s
      path: /api/health

  # Set enabled to true once a package that provides the kind is installed.
  - id: jaeger
    name: Jaeger
    type: observability
    mode: local
    enabled: false
    host: \${JAEGER_HOST:-localhost}
    port: \${JAEGER_PORT:-16686}
    scheme: http
    health_check:
      enabled: true
      interval: 30s
      timeout: 5s
      path: /
`;

/**
 * Writes the default configuration into a project, with the schema for editors beside it, and gives the file's path.
 * Rejects where the project has a configuration already: nothing that someone wrote is ever replaced.
 */
export async function writeDefaultConfig(projectDir: string): Promise<string> {
  for (const place of SEARCH_PLACES) {
    if (await exists(join(projectDir, place)))
      throw new Error(`${join(projectDir, place)} is there already: edit it, or remove it first`);
  }
  const file = join(projectDir, SEARCH_PLACES[0]);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, DEFAULT_CONFIG, { flag: 'wx' });
  // Generated, so an older one may go.
  await writeFile(
    join(dirname(file), 'connectors.schema.json'),
    `${JSON.stringify(configFileJsonSchema(), undefined, 2)}\n`,
  );
  return file;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) =>
      (error as { code?: unknown }).code !== 'ENOENT' && (error as { code?: unknown }).code !== 'ENOTDIR',
  );
}
