import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { validate } from 'dockerfile-utils';
import { loadAll } from 'js-yaml';
import { Deployment, StatefulSet } from 'kubernetes-models/apps/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, PersistentVolumeClaim, Service } from 'kubernetes-models/v1';
import { problemsOf } from '../config/parse.ts';
import { repositoryPath } from '../cli/fixtures/cli-project.ts';
import { runCommand } from '../cli/fixtures/run-command.ts';

const read = (name: string): string => readFileSync(repositoryPath('deploy', name), 'utf8');
const onLinux = process.platform === 'linux' ? it : it.skip;

/** What systemd says of the unit, with the project where it really is. */
async function analyze(text: string, args: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'automate-unit-'));
  try {
    const file = join(folder, 'automate.service');
    await writeFile(file, text.replaceAll('/srv/connectors', repositoryPath()));
    return await runCommand('systemd-analyze', [...args, file], { cwd: folder, env: process.env });
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('deploy/automate.service', () => {
  const unit = read('automate.service');

  onLinux('is a unit that systemd takes, word for word', async () => {
    const { status, stdout, stderr } = await analyze(unit, ['verify', '--man=no']);
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
    const misspelt = await analyze(unit.replace('ProtectSystem=', 'ProtectSytem='), ['verify', '--man=no']);
    expect(misspelt.stdout + misspelt.stderr).toContain('ProtectSytem');
  });

  onLinux('is exposed to little, by systemd’s own measure', async () => {
    expect(await analyze(unit, ['security', '--offline=true', '--threshold=20'])).toMatchObject({ status: 0 });
    const bare = unit.replaceAll(/^(Protect|Restrict|System|Private|NoNew|Cap|Lock).*$/gm, '');
    expect(await analyze(bare, ['security', '--offline=true', '--threshold=20'])).toMatchObject({ status: 1 });
  });
});

const MODELS = {
  ConfigMap,
  Deployment,
  NetworkPolicy,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  Service,
  StatefulSet,
};

describe.each(['kubernetes.yaml', 'kubernetes-hosts.yaml'])('deploy/%s', (file) => {
  const documents = loadAll(read(file)) as {
    readonly kind: keyof typeof MODELS;
    readonly apiVersion: string;
  }[];
  const check = (document: (typeof documents)[number]): void => {
    const model = new MODELS[document.kind](document as never);
    expect(model.apiVersion).toBe(document.apiVersion);
    model.validate();
  };

  it.each(documents)('$kind is what the schema of Kubernetes takes', (document) => {
    expect(() => check(document)).not.toThrow();
    const slip = JSON.parse(JSON.stringify(document).replace('"name"', '"nam"')) as typeof document;
    expect(() =>
      check({
        ...slip,
        spec: {
          ...(slip as unknown as { spec: object }).spec,
          replicas: 'one',
          ports: 'none',
          podSelector: 7,
          selector: 7,
          accessModes: 7,
        },
        data: 7,
      } as never),
    ).toThrow();
  });

  it('confines every container, and gives none a token of the cluster', () => {
    const pod = podOf(documents);
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, fsGroup: 10_001 },
    });
    const containers = [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])];
    expect(containers).toHaveLength(2);
    for (const { securityContext } of containers)
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
  });

  it('has TLS and a way to sign in, without which no host starts at such an address, of files that are put there', () => {
    const pod = podOf(documents);
    const env = new Map(pod?.containers[0]?.env?.map(({ name, value }) => [name, value]));
    expect(env.get('BIND_ADDRESS')).toBe('0.0.0.0');
    for (const name of ['TLS_CERT_FILE', 'TLS_KEY_FILE', 'TLS_CLIENT_CA_FILE', 'MASTER_KEY_FILE'])
      expect(pod?.initContainers[0]?.command).toContain(env.get(name)?.replace('/run/keys/', '/run/keys-in/') ?? name);
  });

  it('has a configuration that the host reads', () => {
    const [map] = documents.filter(({ kind }) => kind === 'ConfigMap') as unknown as { data: Record<string, string> }[];
    expect(problemsOf(map?.data['connectors.yaml'] ?? '')).toEqual([]);
  });
});

describe('deploy/kubernetes-hosts.yaml', () => {
  const text = read('kubernetes-hosts.yaml');
  const documents = loadAll(text) as { readonly kind: string }[];

  it('has each host told of the store, of its own address in the name of the Service for hosts, and to end in time', () => {
    const pod = podOf(documents);
    const env = new Map(pod?.containers[0]?.env?.map(({ name, ...rest }) => [name, rest] as const));
    expect(env.get('STORE_URL')).toEqual({ valueFrom: { secretKeyRef: { name: 'automate-store', key: 'url' } } });
    const [set] = documents.filter(({ kind }) => kind === 'StatefulSet') as unknown as {
      spec: { serviceName: string };
    }[];
    expect(env.get('ADVERTISE_ADDRESS')).toEqual({ value: `$(POD_NAME).${set?.spec.serviceName}.default.svc` });
    const services = documents.filter(({ kind }) => kind === 'Service') as unknown as {
      metadata: { name: string };
      spec: { clusterIP?: string; publishNotReadyAddresses?: boolean };
    }[];
    expect(services.find(({ metadata }) => metadata.name === set?.spec.serviceName)?.spec).toMatchObject({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
    });
    // More than a host takes at most that is told to end.
    expect(pod?.terminationGracePeriodSeconds).toBeGreaterThan(25);
  });

  it('selects the same pods everywhere', () => {
    const labels = [...text.matchAll(/(?:matchLabels|selector|labels): \{ (app\.kubernetes\.io\/name: \S+) \}/g)];
    expect(new Set(labels.map((match) => match[1]))).toEqual(new Set(['app.kubernetes.io/name: automate']));
    expect(labels.length).toBeGreaterThan(6);
  });
});

function podOf(documents: readonly { readonly kind: string }[]): PodSpec | undefined {
  const [set] = documents.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet') as unknown as {
    spec: { template: { spec: PodSpec } };
  }[];
  return set?.spec.template.spec;
}

interface Container {
  readonly securityContext: object;
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string; readonly valueFrom?: object }[];
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
}

describe('deploy/Containerfile', () => {
  const text = read('Containerfile');
  const findings = (of: string): readonly string[] => validate(of).map(({ message }) => JSON.stringify(message));

  it('is one', () => {
    expect(findings(text)).toEqual([]);
    expect(findings(text.replace('WORKDIR', 'WORKDIRR'))).not.toEqual([]);
  });

  it('builds with the script that can be run by hand, and runs as nobody in particular', () => {
    expect(text.match(/^RUN .*/gm)).toContain('RUN deploy/build.sh /app');
    expect(text.match(/^USER .*/gm)?.at(-1)).toBe('USER 10001:10001');
    expect(text).toContain('COPY --from=build --chown=root:root /app /app');
  });
});
