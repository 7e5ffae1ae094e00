import assert from 'node:assert/strict';
import type { ActionDescription } from '@automate/contract';
import { KIND_PATTERN } from '@automate/contract';
import type { JsonSchema } from '@automate/sdk';
import { isJsonObject, isSecretKey } from '@automate/sdk';
import type { Check, Subject } from './check.ts';
import { describedOf } from './described-of.ts';
import { fitter } from './samples.ts';
import { schemaFaults } from './schema-faults.ts';

const SEMVER = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

/** What a connector says of itself. */
export const DESCRIPTION_CHECKS: readonly Check[] = [
  {
    name: 'describable',
    title: 'can be described',
    run: async (subject) => void (await subject.description()),
  },
  {
    name: 'kind-name',
    title: 'is named as its kind, and its kind is a name',
    async run(subject) {
      const { name } = await describedOf(subject);
      assert.equal(name, subject.kind);
      assert.match(name, KIND_PATTERN, `the kind "${name}" must match ${KIND_PATTERN.source}`);
    },
  },
  {
    name: 'version',
    title: 'has a version that semver can read',
    async run(subject) {
      const { version } = await describedOf(subject);
      assert.match(version, SEMVER, `"${version}" is no semver version`);
    },
  },
  {
    name: 'same-description',
    title: 'describes itself the same way each time',
    async run(subject) {
      const { descriptionAgain } = await subject.tour();
      if (descriptionAgain !== undefined)
        assert.deepEqual(descriptionAgain, await describedOf(subject), 'the second start described another connector');
    },
  },
  {
    name: 'described-in-words',
    title: 'describes every action in words',
    async run(subject) {
      for (const { name, description } of await actionsOf(subject))
        assert.ok(
          description.trim().length >= 10,
          `action "${name}" needs a description of a sentence, has "${description}"`,
        );
    },
  },
  {
    name: 'reads-are-idempotent',
    title: 'marks actions without side effects as idempotent',
    async run(subject) {
      const odd = (await actionsOf(subject))
        .filter(({ sideEffects, idempotent }) => !sideEffects && !idempotent)
        .map(({ name }) => name);
      assert.ok(odd.length === 0, `${odd.join(', ')}: what changes nothing can be done twice`);
    },
  },
  {
    name: 'sound-schemas',
    title: 'has sound JSON Schemas, objects for inputs and settings',
    async run(subject) {
      const { configSchema } = await describedOf(subject);
      for (const { name, input, output } of await actionsOf(subject)) {
        assert.equal(schemaFaults(input).join('\n'), '', `the input of "${name}"`);
        if (output !== undefined) assert.equal(schemaFaults(output).join('\n'), '', `the output of "${name}"`);
        assert.ok(takesObjects(input), `the input of "${name}" must be an object's schema: payloads are objects`);
      }
      if (configSchema === undefined) return;
      assert.equal(schemaFaults(configSchema).join('\n'), '', 'the configSchema');
      assert.ok(takesObjects(configSchema), "the configSchema must be an object's schema");
    },
  },
  {
    name: 'says-what-it-takes',
    title: 'says which members the payload of each action has',
    async run(subject) {
      const open = (await describedOf(subject)).actions.filter(({ input }) => takesAnything(input));
      assert.ok(
        open.length === 0,
        `${open.map(({ name }) => `"${name}"`).join(', ')}: the input takes any object and names no member; nobody can know what to send`,
      );
    },
  },
  {
    name: 'no-transforms',
    title: 'gets what was sent: its schemas transform nothing',
    async run(subject) {
      const { transformed } = await subject.tour();
      assert.ok(
        transformed.length === 0,
        `${transformed.join(', ')}: the action gets another value than its JSON Schema describes; take transforms, coercions and preprocessing out of the schema`,
      );
    },
  },
  {
    name: 'secret-settings',
    title: 'marks secret settings as writeOnly',
    async run(subject) {
      const { configSchema } = await describedOf(subject);
      const open = secretsInClear(configSchema ?? {}, 'settings');
      assert.ok(
        open.length === 0,
        `${open.join(', ')}: a secret by its name, which needs writeOnly: true (zod: .meta({ writeOnly: true })), or it is shown to everyone`,
      );
    },
  },
];

function takesObjects(schema: JsonSchema): boolean {
  return schema['type'] === 'object' || schema['type'] === undefined;
}

function takesAnything(schema: JsonSchema): boolean {
  const named = [
    'properties',
    'patternProperties',
    'propertyNames',
    'required',
    'anyOf',
    'oneOf',
    'allOf',
    '$ref',
    'enum',
    'const',
  ];
  if (named.some((keyword) => Object.hasOwn(schema, keyword))) return false;
  const fits = fitter(schema);
  return fits({}) && fits({ anything: true });
}

/** Text members whose names mean a secret and which are not marked as one. */
function secretsInClear(schema: JsonSchema, path: string): readonly string[] {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  return Object.entries(properties).flatMap(([name, member]) => {
    if (!isJsonObject(member)) return [];
    const at = `${path}.${name}`;
    if (member['writeOnly'] === true) return [];
    const isText = member['type'] === 'string' && member['enum'] === undefined && member['const'] === undefined;
    return isText && isSecretKey(name, 'value') ? [at] : secretsInClear(member, at);
  });
}

/** Those of the kind, and those that were learned from the remote system, which the adapter answers for as well. */
async function actionsOf(subject: Subject): Promise<readonly ActionDescription[]> {
  const { actions, discovery } = await describedOf(subject);
  return discovery === undefined ? actions : [...actions, ...(await subject.tour()).learned];
}
