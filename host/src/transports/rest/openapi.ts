import swagger from '@fastify/swagger';
import type { ConnectorService, JsonSchema } from '@automate/contract';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { compileValidator } from './query-validator.ts';
import { addServiceRoutes } from './service-routes.ts';

/**
 * The OpenAPI 3.1 document of the service's routes, from the very schemas that they are served with. Made by an application of
 * its own, which serves nothing, when someone first asks: collecting the routes is a fifth of a host's start, and few ever ask.
 */
export async function describeRoutes(service: ConnectorService, version: string): Promise<string> {
  const app = fastify({ logger: false }) as unknown as FastifyInstance;
  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(() => JSON.stringify);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Automate Connectors',
        description: 'Connectors, their health and their actions. Every error is a problem document (RFC 9457).',
        version,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      // Where the document itself came from.
      servers: [{ url: '/', description: 'This service' }],
      // Where sign-in is not required, none is needed.
      security: [{ token: [] }, { clientCertificate: [] }, {}],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'What `automate tokens create` printed' },
          clientCertificate: { type: 'mutualTLS', description: 'Where the service has a client authority' } as never,
        },
      },
      tags: [
        { name: 'connectors', description: 'Which connectors there are' },
        { name: 'health', description: 'How they are' },
        { name: 'actions', description: 'What they do' },
        { name: 'executions', description: 'Calls that go on without their callers' },
        { name: 'access', description: 'Who may call' },
        { name: 'plugins', description: 'Which packages were found' },
        { name: 'audit', description: 'What was done, by whom' },
      ],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  addServiceRoutes(app, service);
  await app.ready();
  try {
    return documentText(app);
  } finally {
    await app.close();
  }
}

/** What of an OpenAPI document is looked at here. */
export interface OpenApiDocument {
  readonly components: { readonly schemas: Record<string, unknown> };
  readonly paths: Record<string, Record<string, OpenApiOperation>>;
}

export interface OpenApiOperation {
  operationId?: string;
  summary?: string;
  tags?: readonly string[];
  security?: readonly object[];
  parameters?: readonly { readonly in: string; readonly [key: string]: unknown }[];
  requestBody?: { required?: boolean; content: OpenApiContent };
  responses: Record<string, OpenApiResponse>;
}

interface OpenApiResponse {
  readonly description: string;
  readonly content?: OpenApiContent;
}

type OpenApiContent = Readonly<Record<string, { readonly schema: JsonSchema }>>;

function documentText(app: FastifyInstance): string {
  const document = app.swagger() as unknown as OpenApiDocument;
  for (const operations of Object.values(document.paths)) {
    for (const { operationId, requestBody, responses } of Object.values(operations)) {
      const problem = responses['default'];
      if (problem !== undefined)
        responses['4XX'] = { ...problem, description: 'The caller, or what it asked for, is at fault' };
      // An empty body is an empty payload, or no configuration, which the schemas of Fastify's routes cannot say.
      if ((operationId === 'executeAction' || operationId === 'testConnector') && requestBody !== undefined)
        requestBody.required = false;
    }
  }
  document.paths['/hooks/{connector}'] = { post: hookOperation(document) };
  dropUnused(document);
  return JSON.stringify(document);
}

/** The route of webhooks is none of the port's: it is at the root, asks for no token, and answers as adapters say. */
function hookOperation({ paths }: OpenApiDocument): OpenApiOperation {
  const [problem] = Object.values(paths).flatMap((operations) =>
    Object.values(operations).flatMap(({ responses }) => responses['default'] ?? []),
  );
  const refused = (description: string) => ({ ...problem, description });
  return {
    operationId: 'receiveWebhook',
    summary: 'Takes a webhook, which its connector tells to be genuine by how it is signed, and delivers it once',
    tags: ['connectors'],
    security: [],
    parameters: [{ name: 'connector', in: 'path', required: true, schema: { type: 'string' } }],
    requestBody: { required: true, content: { '*/*': { schema: {} } } },
    responses: {
      202: { description: 'It was delivered, now or before' },
      '2XX': { description: "The same, as the connector's adapter wants it answered" },
      401: refused('It is not genuine, or nothing here takes it'),
      413: refused('It has more than 1 MiB'),
      429: refused('Too many come at a time: send it again'),
      503: refused('It cannot be taken now: send it again'),
      default: refused('An error, by its code'),
    },
  };
}

/** Each schema is generated both for requests and for answers, though most are used for one of them only. */
function dropUnused(document: OpenApiDocument): void {
  const { schemas } = document.components;
  for (;;) {
    const text = JSON.stringify(document);
    const unused = Object.keys(schemas).filter((name) => !text.includes(`"#/components/schemas/${name}"`));
    if (unused.length === 0) return;
    for (const name of unused) delete schemas[name];
  }
}
