import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

/** Lets Fastify collect the routes that follow; their schemas become an OpenAPI 3.1 document when someone asks for it. */
export async function collectRoutes(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Automate Connectors',
        description: 'Connectors, their health and their actions. Every error is a problem document (RFC 9457).',
        version,
      },
      tags: [
        { name: 'connectors', description: 'Which connectors there are' },
        { name: 'health', description: 'How they are' },
        { name: 'actions', description: 'What they do' },
        { name: 'plugins', description: 'Which packages were found' },
      ],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
}

interface Document {
  readonly paths: Record<string, Record<string, { operationId?: string; requestBody?: { required?: boolean } }>>;
}

export function openapiText(app: FastifyInstance): string {
  const document = app.swagger() as unknown as Document;
  for (const operations of Object.values(document.paths)) {
    for (const { operationId, requestBody } of Object.values(operations)) {
      // An empty body is an empty payload, which the schemas of Fastify's routes cannot say.
      if (operationId === 'executeAction' && requestBody !== undefined) requestBody.required = false;
    }
  }
  return JSON.stringify(document);
}
