import { describe, expect, it } from '@jest/globals';
import { buildRequest, DocumentError, listOperations, readDocument, serverUrl } from '../src/index.ts';

const DOCUMENT = `
openapi: 3.0.3
info: { title: Pets, version: "1" }
servers: [{ url: "https://{region}.pets.example/v1", variables: { region: { default: eu } } }]
paths:
  /pets/{petId}:
    parameters: [{ $ref: "#/components/parameters/petId" }]
    get:
      operationId: getPetById
      summary: One pet
      parameters:
        - { name: fields, in: query, style: form, explode: false, schema: { type: array, items: { type: string } } }
        - { name: filter, in: query, style: deepObject, schema: { type: object } }
        - { name: X-Trace, in: header, schema: { type: string } }
        - { name: Authorization, in: header, schema: { type: string } }
      responses:
        "200": { description: ok, content: { application/json: { schema: { $ref: "#/components/schemas/Pet" } } } }
    trace: { responses: {} }
  /pets:
    post:
      operationId: pets/create
      requestBody: { required: true, content: { application/json: { schema: { $ref: "#/components/schemas/Pet" } } } }
      responses: { "201": { description: ok } }
    put:
      responses: { "204": { description: ok } }
      requestBody: { content: { application/json: { schema: { $ref: "./other.yaml#/Pet" } } } }
components:
  parameters:
    petId: { name: petId, in: path, required: true, schema: { type: string } }
  schemas:
    Pet:
      type: object
      required: [id, name]
      properties:
        id: { type: integer, readOnly: true }
        name: { type: string, nullable: true, pattern: "(?i)x" }
        age: { type: integer, minimum: 0, exclusiveMinimum: true }
        parent: { $ref: "#/components/schemas/Pet" }
        kind: { oneOf: [{ type: string }, { type: string, enum: [cat] }] }
`;

const read = async (): Promise<ReturnType<typeof listOperations>> => listOperations(await readDocument(DOCUMENT));

describe('a document of OpenAPI 3.0', () => {
  it('gives its operations names in the form of actions, and says what is left out and why', async () => {
    const { operations, leftOut } = await read();
    expect(
      operations.map(({ name, method, sideEffects, idempotent }) => [name, method, sideEffects, idempotent]),
    ).toEqual([
      ['get_pet_by_id', 'GET', false, true],
      ['pets_create', 'POST', true, false],
    ]);
    expect(leftOut).toEqual([
      { operation: 'TRACE /pets/{petId}', reason: 'requests of the method TRACE cannot be sent' },
      { operation: 'PUT /pets', reason: expect.stringContaining('"./other.yaml#/Pet", which is not in this document') },
    ]);
  });

  it('has its schemas as JSON Schema 2020-12, circles and sides included', async () => {
    const { operations } = await read();
    const [get, create] = operations;
    expect(get?.output).toMatchObject({ $ref: '#/$defs/Pet', $defs: { Pet: { required: ['id', 'name'] } } });
    expect(create?.input).toEqual({
      type: 'object',
      properties: { body: { $ref: '#/$defs/Pet' } },
      required: ['body'],
      additionalProperties: false,
      $defs: {
        Pet: {
          type: 'object',
          // What only the service writes is not asked for.
          required: ['name'],
          properties: {
            id: { type: 'integer' },
            name: { type: ['string', 'null'] },
            age: { type: 'integer', exclusiveMinimum: 0 },
            parent: { $ref: '#/$defs/Pet' },
            kind: { anyOf: [{ type: 'string' }, { type: 'string', enum: ['cat'] }] },
          },
        },
      },
    });
    expect(create?.output).toEqual({ type: 'null' });
  });

  it('writes a request as its styles say, and nothing that leaves its place', async () => {
    const { operations } = await read();
    const [get, create] = operations;
    if (get === undefined || create === undefined) throw new Error('expected two operations');
    const input = { petId: 'a/b?c', fields: ['x', 'y&z'], filter: { owner: { name: 'é' } }, 'X-Trace': 't' };
    expect(buildRequest(get, input)).toEqual({
      method: 'GET',
      path: '/pets/a%2Fb%3Fc?fields=x,y%26z&filter[owner][name]=%C3%A9',
      headers: { 'X-Trace': 't' },
    });
    expect(buildRequest(create, { body: { name: 'Rex' } })).toEqual({
      method: 'POST',
      path: '/pets',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"Rex"}',
    });
    for (const petId of ['..', '.', '']) expect(() => buildRequest(get, { petId })).toThrow('cannot be sent');
    expect(() => buildRequest(get, { petId: '1', 'X-Trace': 'a\r\nb' })).toThrow('cannot be sent');
  });

  it('sends nothing of what tells operations of one path apart', async () => {
    const parameters = [{ name: 'acl', in: 'query', required: true, schema: { type: 'boolean' } }];
    const document = await readDocument({
      openapi: '3.0.0',
      paths: { '/b/{id}': { get: { responses: {} } }, '/b/{id}#acl': { get: { parameters, responses: {} } } },
    });
    const { operations } = listOperations(document);
    expect(operations.map(({ name }) => name)).toEqual(['get_b_id', 'get_b_id_acl']);
    expect(operations.map((each) => buildRequest(each, { id: 'x', acl: true }).path)).toEqual([
      '/b/x',
      '/b/x?acl=true',
    ]);
  });

  it('leaves open what lies far, where the whole would be too long', async () => {
    const { operations } = listOperations(await readDocument(DOCUMENT), { maxSchemaLength: 60 });
    expect(operations[0]?.output).toEqual({ $ref: '#/$defs/Pet', $defs: { Pet: {} } });
  });
});

describe('documents of other kinds', () => {
  it('are read where they are of Swagger 2.0', async () => {
    const document = await readDocument({
      swagger: '2.0',
      info: { title: 'Old', version: '1' },
      host: 'old.example',
      schemes: ['https'],
      paths: {
        '/upload': {
          post: {
            consumes: ['multipart/form-data'],
            parameters: [
              { name: 'file', in: 'formData', type: 'file', required: true },
              { name: 'note', in: 'formData', type: 'string' },
            ],
            responses: { 200: { description: 'ok', schema: { type: 'string' } } },
          },
        },
      },
    });
    const [upload] = listOperations(document).operations;
    if (upload === undefined) throw new Error('expected an operation');
    expect(upload).toMatchObject({ name: 'post_upload', servers: [{ url: 'https://old.example' }] });
    const file = { base64: Buffer.from('hi').toString('base64'), filename: 'a.txt', content_type: 'text/plain' };
    expect(buildRequest(upload, { body: { file, note: 'n' } }).parts).toEqual([
      { name: 'file', value: Buffer.from('hi'), filename: 'a.txt', contentType: 'text/plain' },
      { name: 'note', value: 'n' },
    ]);
  });

  it.each([
    ['a text that is neither YAML nor JSON', '{"openapi": [', 'neither'],
    ['no document', '[1]', 'got a list'],
    ['another version', 'openapi: 2.9.0', 'openapi: 3.x'],
  ])('are refused in words: %s', async (_, text, message) => {
    const refused = readDocument(text);
    await expect(refused).rejects.toThrow(DocumentError);
    await expect(refused).rejects.toThrow(message);
  });
});

describe('a document that means harm', () => {
  const HEAD = 'openapi: 3.1.0\ninfo: { title: x, version: "1" }\n';

  it('is refused where its aliases say more than anybody could hold, or never end', async () => {
    const lines = Array.from({ length: 40 }, (_, index) =>
      index === 0
        ? 'x0: &a0 { a: 1 }'
        : `x${index}: &a${index} { a: *a${index - 1}, b: *a${index - 1}, c: *a${index - 1} }`,
    );
    const paths =
      'paths: { /b: { get: { parameters: [{ name: q, in: query, schema: { enum: [*a39] } }], responses: {} } } }';
    await expect(readDocument(`${HEAD}${lines.join('\n')}\n${paths}\n`)).rejects.toThrow(DocumentError);
    await expect(readDocument(`${HEAD}x-self: &s { me: *s }\npaths: {}\n`)).rejects.toThrow(DocumentError);
    await expect(readDocument(`${HEAD}x-one: &s { a: 1 }\nx-two: *s\npaths: {}\n`)).resolves.toBeDefined();
  });

  it.each([
    ['ftp://me:secret-word@files.example/?token=secret-word', 'is no whole http or https URL'],
    ['https://me:secret-word@pets.example/v1', 'has credentials in its URL'],
    ['https://pets.example/v1?token=secret-word', 'has a query or a fragment'],
    ['https://pets.example/v1#secret-word', 'has a query or a fragment'],
    ['https://me:secret-word@{constructor}.example', 'its variable "constructor" has no value'],
  ])('has no server %s, and that is said without what is secret in it', (url, problem) => {
    const found = serverUrl({ url, variables: {} }, {}, undefined);
    expect(found).toEqual({ problem: expect.stringContaining(problem) });
    expect(JSON.stringify(found)).not.toContain('secret-word');
  });

  it.each(['root:x:0:secret-word', '["secret-word"]', 'swagger: secret-word', 'openapi: [secret-word]'])(
    'that is none, such as %s, is not read out to who named its place',
    async (text) => {
      await expect(readDocument(text)).rejects.toThrow(DocumentError);
      await expect(readDocument(text)).rejects.not.toThrow('secret-word');
    },
  );
});
