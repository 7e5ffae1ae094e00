import type { CallOptions, ConnectorService, JsonSchema } from '@automate/contract';
import { ConnectorError, isJsonObject } from '@automate/contract';
import { API_PREFIX } from '@automate/contract/http';
import type { OpenApiDocument, OpenApiOperation } from './openapi.ts';

/**
 * The document with an operation of its own for each action of each connector that the caller may see, typed by the action's schemas.
 * A connector that cannot be described, or takes any action, is left to the general operation, `executeAction`.
 *
 * @param text the document without them
 */
export async function withConnectorOperations(
  text: string,
  service: ConnectorService,
  call: CallOptions,
): Promise<string> {
  const document = JSON.parse(text) as OpenApiDocument;
  const general = document.paths[`${API_PREFIX}/connectors/{id}/actions/{action}`]?.['post'];
  if (general === undefined) return text;
  for (const { id } of await service.list({}, call)) {
    const described = await service.describe(id, call).catch((reason: unknown) => {
      const error = ConnectorError.from(reason);
      if (error.code === 'CANCELLED' || error.code === 'RATE_LIMITED') throw error;
      return undefined; // a connector without its kind is no reason to show none of the others
    });
    for (const action of described?.actions ?? []) {
      const name = `${id}.${action.name}`;
      const schemas = document.components.schemas;
      const input = addSchema(schemas, `${name}.input`, action.input);
      const output = action.output === undefined ? {} : addSchema(schemas, `${name}.output`, action.output);
      const path = `${API_PREFIX}/connectors/${encodeURIComponent(id)}/actions/${encodeURIComponent(action.name)}`;
      document.paths[path] = { post: operationOf(general, { name, summary: action.description, input, output }) };
    }
  }
  return JSON.stringify(document);
}

function operationOf(
  general: OpenApiOperation,
  { name, summary, input, output }: { name: string; summary: string; input: JsonSchema; output: JsonSchema },
): OpenApiOperation {
  const answer = general.responses['200'];
  const parameters = general.parameters?.filter((parameter) => parameter.in !== 'path');
  return {
    ...general,
    operationId: name,
    summary,
    ...(parameters === undefined ? {} : { parameters }),
    requestBody: { required: isRequired(input), content: { 'application/json': { schema: input } } },
    responses: {
      ...general.responses,
      '200': {
        description: answer?.description ?? 'The result',
        content: {
          'application/json': {
            schema: {
              allOf: [answer?.content?.['application/json']?.schema ?? {}, { properties: { result: output } }],
            },
          },
        },
      },
    },
  };
}

/** No body is an empty payload, which does where nothing is required. */
function isRequired(schema: JsonSchema): boolean {
  const { required } = schema;
  return !Array.isArray(required) || required.length > 0;
}

/** Puts a schema among the document's, where what it refers to within itself has another place, and gives a reference to it. */
function addSchema(schemas: Record<string, unknown>, wanted: string, schema: JsonSchema): JsonSchema {
  const name = wanted.replaceAll(/[^A-Za-z0-9._-]/g, '_');
  const place = `#/components/schemas/${name}`;
  const { $schema: _dialect, ...plain } = moveReferences(schema, place) as JsonSchema;
  schemas[name] = plain;
  return { $ref: place };
}

function moveReferences(value: unknown, place: string): unknown {
  if (Array.isArray(value)) return value.map((each) => moveReferences(each, place));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string' && inner.startsWith('#')
        ? [key, `${place}${inner.slice(1)}`]
        : [key, moveReferences(inner, place)],
    ),
  );
}
