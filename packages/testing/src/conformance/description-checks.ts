import assert from 'node:assert/strict';
import { CONNECTOR_TYPES, KIND_PATTERN } from '@automate/contract';
import { isJsonObject } from '@automate/sdk';
import type { Check } from './check.ts';
import { schemaFaults } from './schema-faults.ts';

const SEMVER = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

/** What a connector says of itself. */
export const DESCRIPTION_CHECKS: readonly Check[] = [
  {
    title: 'is named as its kind, and its kind is a name',
    run({ description, kind }) {
      assert.equal(description.name, kind);
      assert.match(kind, KIND_PATTERN, `the kind "${kind}" must match ${KIND_PATTERN.source}`);
    },
  },
  {
    title: 'has a version that semver can read',
    run: ({ description }) =>
      assert.match(description.version, SEMVER, `"${description.version}" is no semver version`),
  },
  {
    title: 'describes itself the same way each time',
    run({ adapterClass, description }) {
      const { name, version } = new adapterClass();
      assert.equal(name, description.name);
      assert.equal(version, description.version);
    },
  },
  {
    title: 'describes every action in words',
    concerns: ({ description }) => description.actions.length > 0,
    run({ description }) {
      for (const action of description.actions) {
        assert.ok(
          action.description.trim().length >= 10,
          `action "${action.name}" needs a description of a sentence, has "${action.description}"`,
        );
      }
    },
  },
  {
    title: 'marks actions without side effects as idempotent',
    concerns: ({ description }) => description.actions.length > 0,
    run({ description }) {
      const odd = description.actions
        .filter(({ sideEffects, idempotent }) => !sideEffects && !idempotent)
        .map(({ name }) => name);
      assert.equal(odd.length, 0, `${odd.join(', ')}: what changes nothing can be done twice`);
    },
  },
  {
    title: 'has sound JSON Schemas, objects for inputs and settings',
    run({ description }) {
      for (const { name, input, output } of description.actions) {
        assert.equal(schemaFaults(input).join('\n'), '', `the input of "${name}"`);
        if (output !== undefined) assert.equal(schemaFaults(output).join('\n'), '', `the output of "${name}"`);
        assert.ok(takesObjects(input), `the input of "${name}" must be an object's schema: payloads are objects`);
      }
      const { configSchema } = description;
      if (configSchema === undefined) return;
      assert.equal(schemaFaults(configSchema).join('\n'), '', 'the configSchema');
      assert.ok(takesObjects(configSchema), "the configSchema must be an object's schema");
    },
  },
  {
    title: 'is declared in its package.json as it is',
    concerns: ({ options }) => options.packageJson !== undefined,
    run({ options, kind }) {
      const manifest = options.packageJson;
      assert.ok(isJsonObject(manifest), 'package.json must be an object');
      const automate = manifest['automate'];
      const connectors = isJsonObject(automate) ? automate['connectors'] : undefined;
      assert.ok(isJsonObject(connectors), 'package.json needs automate.connectors');
      const entry = connectors[kind];
      assert.ok(entry !== undefined, `automate.connectors has no "${kind}"`);
      const path = isJsonObject(entry) ? entry['entry'] : entry;
      assert.ok(typeof path === 'string' && path.startsWith('./'), `the entry of "${kind}" must begin with "./"`);
      const type = isJsonObject(entry) ? (entry['type'] ?? 'custom') : 'custom';
      assert.ok(
        (CONNECTOR_TYPES as readonly unknown[]).includes(type),
        `the type of "${kind}" must be one of ${CONNECTOR_TYPES.join(', ')}`,
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
];

function takesObjects(schema: Readonly<Record<string, unknown>>): boolean {
  return schema['type'] === 'object' || schema['type'] === undefined;
}
