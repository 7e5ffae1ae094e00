import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { matchesGlob, normalize, resolve } from 'node:path';
import { CONNECTOR_TYPES } from '@automate/contract';
import { isJsonObject } from '@automate/sdk';
import type { Check, Subject } from './check.ts';
import { describedOf } from './described-of.ts';

const hasManifest = ({ manifest }: Subject): boolean => manifest !== undefined;

/** What a package's package.json says of a connector. */
export const PACKAGE_CHECKS: readonly Check[] = [
  {
    name: 'manifest',
    title: 'is declared in its package.json as it is',
    concerns: hasManifest,
    run(subject) {
      const manifest = manifestOf(subject);
      const entry = entryOf(subject);
      assert.ok(entry.startsWith('./'), `the entry of "${subject.kind}" must begin with "./"`);
      const { type = 'custom' } = declarationOf(subject);
      assert.ok(
        (CONNECTOR_TYPES as readonly unknown[]).includes(type),
        `the type of "${subject.kind}" must be one of ${CONNECTOR_TYPES.join(', ')}`,
      );
      const engines = manifest['engines'];
      assert.ok(
        isJsonObject(engines) && typeof engines['automate'] === 'string',
        'package.json needs engines.automate, the range of hosts',
      );
      const keywords = manifest['keywords'];
      assert.ok(
        Array.isArray(keywords) && keywords.includes('automate-connector'),
        'package.json needs the keyword "automate-connector"',
      );
    },
  },
  {
    name: 'package-version',
    title: "has its package's version",
    concerns: ({ manifest }) => isJsonObject(manifest) && manifest['version'] !== undefined,
    async run(subject) {
      const { version } = await describedOf(subject);
      assert.equal(version, manifestOf(subject)['version'], 'the version of the class and that of package.json differ');
    },
  },
  {
    name: 'entry-exists',
    title: 'has the module that its manifest names',
    concerns: ({ manifest, packageDir }) => manifest !== undefined && packageDir !== undefined,
    run(subject) {
      const file = resolve(subject.packageDir ?? '', entryOf(subject));
      assert.ok(
        existsSync(file),
        `${entryOf(subject)} does not exist: build the package, or mend automate.connectors.${subject.kind}`,
      );
    },
  },
  {
    name: 'entry-published',
    title: 'publishes the module that its manifest names',
    concerns: ({ manifest }) => isJsonObject(manifest) && Array.isArray(manifest['files']),
    run(subject) {
      const files = manifestOf(subject)['files'] as readonly unknown[];
      const entry = normalize(entryOf(subject));
      const patterns = files.filter((each): each is string => typeof each === 'string');
      const covers = (pattern: string): boolean => {
        const path = normalize(pattern.replace(/^\//, '')).replace(/\/$/, '');
        return (
          path === '.' ||
          entry === path ||
          entry.startsWith(`${path}/`) ||
          matchesGlob(entry, path) ||
          matchesGlob(entry, `${path}/**`)
        );
      };
      // As npm does: the last one that says something of a file decides.
      const last = patterns.findLast((pattern) => covers(pattern.replace(/^!/, '')));
      assert.ok(
        last !== undefined && !last.startsWith('!'),
        `"files" (${patterns.join(', ')}) leaves out ${entryOf(subject)}: what is published has no connector`,
      );
    },
  },
];

function manifestOf({ manifest }: Subject): Readonly<Record<string, unknown>> {
  assert.ok(isJsonObject(manifest), 'package.json must be an object');
  return manifest;
}

function declarationOf(subject: Subject): Readonly<Record<string, unknown>> {
  const automate = manifestOf(subject)['automate'];
  const connectors = isJsonObject(automate) ? automate['connectors'] : undefined;
  assert.ok(isJsonObject(connectors), 'package.json needs automate.connectors');
  const entry = connectors[subject.kind];
  assert.ok(entry !== undefined, `automate.connectors has no "${subject.kind}"`);
  return isJsonObject(entry) ? entry : { entry };
}

function entryOf(subject: Subject): string {
  const { entry } = declarationOf(subject);
  assert.ok(typeof entry === 'string', `the entry of "${subject.kind}" must be a path`);
  return entry;
}
