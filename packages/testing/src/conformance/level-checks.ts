import assert from 'node:assert/strict';
import { CONFIGURED_LEVELS, isJsonObject } from '@automate/contract';
import type { JsonObject } from '@automate/sdk';
import { closedPort } from '../closed-port.ts';
import { runInWorker } from '../run-in-worker.ts';
import type { RunInWorkerOptions } from '../run-in-worker.ts';
import type { Check, Subject } from './check.ts';
import { describedOf } from './described-of.ts';
import { planOpenings } from './opening.ts';
import { hasEndpoint, settingsAt } from './rehearse.ts';

/** What a package is in a real host, at each level of isolation. */
export function levelChecks(createHost: RunInWorkerOptions['createHost']): readonly Check[] {
  return CONFIGURED_LEVELS.map((isolation): Check => ({
    name: `level-${isolation}`,
    title: `is admitted by this host and is the same at the level ${isolation}`,
    concerns: ({ packageDir, options: { levels = CONFIGURED_LEVELS } }) =>
      packageDir !== undefined && levels.includes(isolation),
    async run(subject) {
      const description = await describedOf(subject);
      const { discovery: _own, ...expected } = description;
      const [opening] = planOpenings(description, subject.options).openings;
      const { secrets: _secrets, ...given } = { secrets: {}, ...subject.options.config };
      const port = await closedPort();
      await using connector = await runInWorker(subject.packageDir ?? '', {
        kind: subject.kind,
        isolation,
        grants: grantsOf(subject),
        config: {
          ...given,
          ...(hasEndpoint(subject.options) ? { scheme: 'http', host: '127.0.0.1', port } : {}),
          ...(opening?.settings === undefined ? {} : { settings: settingsAt(opening.settings, port) }),
        },
        ...(createHost === undefined ? {} : { createHost }),
      });
      assert.equal(
        connector.plugin?.status,
        'admitted',
        connector.plugin?.message ?? 'the host did not find the package',
      );
      // What only this host or its remote system knows is left out.
      const { package: _package, discovery: _discovery, ...described } = await connector.describe();
      const own = new Set(expected.actions.map(({ name }) => name));
      const told = { ...described, actions: described.actions.filter(({ name }) => own.has(name)) };
      assert.deepEqual(told, JSON.parse(JSON.stringify(expected)), 'it describes itself otherwise than elsewhere');
    },
  }));
}

/** All that the manifest asks for, as an operator would grant it. */
function grantsOf({ manifest, kind }: Subject): JsonObject {
  const automate = isJsonObject(manifest) ? manifest['automate'] : undefined;
  const connectors = isJsonObject(automate) ? automate['connectors'] : undefined;
  const declared = isJsonObject(connectors) ? connectors[kind] : undefined;
  const asked = isJsonObject(declared) ? declared['permissions'] : undefined;
  if (!isJsonObject(asked)) return {};
  const { childProcess = false, fs = {}, ...rest } = asked;
  const files = isJsonObject(fs) ? fs : {};
  // All files are granted to nobody: what the configuration names is none here.
  const paths = (value: unknown): JsonObject[string] =>
    Array.isArray(value) ? value.map((path: unknown) => (path === '*' ? '/nowhere' : String(path))) : [];
  return {
    ...rest,
    fs: { read: paths(files['read']), write: paths(files['write']) },
    child_process: childProcess,
  };
}
