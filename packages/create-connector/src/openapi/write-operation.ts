import type { JsonObject } from '@automate/contract';
import { comment, schemaType } from '@automate/contract/schema-type';
import { isJsonObject } from '@automate/contract';
import type { Operation } from '@automate/openapi';
import { showOperation } from '@automate/openapi';
import type { KeyedOperation } from './key-header.ts';
import type { ApiKey } from './plan-access.ts';
import { nameTypes } from './type-names.ts';
import { writeLiteral } from './write-literal.ts';

/** The name of the file of an action, without its ending. */
export function fileOf({ name }: Operation): string {
  return name.replaceAll('_', '-');
}

/** What the file exports. No word that JavaScript keeps for itself ends so. */
export function exportOf({ name }: Operation): string {
  const [first = '', ...rest] = name.split('_').filter((word) => word !== '');
  return `${[first, ...rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1))].join('')}Action`;
}

/** How an operation is asked for, as `send-operation` takes it. */
export function planOf({ operation, keyHeader }: KeyedOperation, apiKeys: readonly ApiKey[]): JsonObject {
  const { method, path, parameters, body, output } = operation;
  return JSON.parse(
    JSON.stringify({
      method,
      path,
      parameters,
      body,
      ...(apiKeys.length === 0 ? {} : { apiKeys }),
      ...(keyHeader === undefined ? {} : { keyHeader }),
      ...(output?.['type'] === 'null' ? { answersNothing: true } : {}),
    }),
  ) as JsonObject;
}

/** The module of one operation: its types, its schemas and what is sent. */
export function writeOperation(
  keyed: KeyedOperation,
  { apiKeys, takesKeys }: { readonly apiKeys: readonly ApiKey[]; readonly takesKeys: boolean },
): string {
  const { operation, keyHeader } = keyed;
  const { input, output, description, sideEffects, idempotent } = operation;
  const answer = output ?? {};
  const names = nameTypes([input, answer]);
  const types = [
    ...declarations(input, names[0]),
    ...declarations(answer, names[1]),
    `export type Input = ${typeText(input, names[0])};`,
    `export type Output = ${typeText(answer, names[1])};`,
  ];
  const withoutKey = takesKeys && keyHeader === undefined ? '    idempotencyKey: false,\n' : '';
  const checked = output === undefined ? '' : `    output: fromJsonSchema<Output>(${writeLiteral(output, '    ')}),\n`;
  return `// oxlint-disable typescript/no-redundant-type-constituents, typescript/no-duplicate-type-constituents -- types are as the document has them
import { action, fromJsonSchema } from '@automate/sdk';
import type { OperationPlan, Send } from '../send-operation.ts';

${[...new Set(types)].join('\n\n')}

const PLAN: OperationPlan = ${writeLiteral(planOf(keyed, apiKeys))};

${comment(showOperation(operation), '').join('\n')}
export const ${exportOf(operation)} = (send: Send) =>
  action({
    description: ${writeLiteral(description)},
    input: fromJsonSchema<Input>(${writeLiteral(input, '    ')}),
${checked}    sideEffects: ${sideEffects},
    idempotent: ${idempotent},
${withoutKey}    run: (input, call) => send<Output>(PLAN, input, call),
  });
`;
}

function declarations(schema: JsonObject, names: ReadonlyMap<string, string> = new Map()): readonly string[] {
  const definitions = isJsonObject(schema['$defs']) ? schema['$defs'] : {};
  return Object.entries(definitions).flatMap(([name, definition]) => {
    const typeName = names.get(`#/$defs/${name}`);
    if (typeName === undefined) return [];
    return `export type ${typeName} = ${typeText({ ...(isJsonObject(definition) ? definition : {}), $defs: definitions }, names)};`;
  });
}

function typeText(schema: JsonObject, names: ReadonlyMap<string, string> = new Map()): string {
  return schemaType(schema, { names });
}
