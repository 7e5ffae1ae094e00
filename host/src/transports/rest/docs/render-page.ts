import type { JsonSchema } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import type { Html } from './html.ts';
import { html, prose } from './html.ts';
import { anchorOf, describeType, renderSchema } from './render-schema.ts';
import { sampleValue } from './sample-value.ts';

/** What of an OpenAPI document is shown. */
interface Document {
  readonly info: { readonly title: string; readonly description?: string; readonly version: string };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: JsonSchema;
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

export interface DocsPage {
  readonly document: Document;
  /** `connectors`: an operation for each action of each connector, and those alone. */
  readonly shows: 'service' | 'connectors';
  /** Where the service is called: `http://127.0.0.1:8080`. */
  readonly origin: string;
}

interface Placed {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** The page of an OpenAPI document, whole: it needs no script, and loads nothing but its style. */
export function renderPage({ document, shows, origin }: DocsPage): string {
  const { info } = document;
  const groups = groupsOf(document, shows);
  const schemas = Object.entries(document.components.schemas);
  const title = shows === 'service' ? 'The API' : 'Actions of the connectors';
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · ${info.title} ${info.version}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/docs/style.css" />
      </head>
      <body>
        <a class="skip" href="#content">To the operations</a>
        <header>
          <h1>${info.title} <small>${info.version}</small></h1>
          <p>${info.description}</p>
          <nav aria-label="Pages">
            <ul>
              ${pageLink('/docs', 'The API', shows === 'service')}
              ${pageLink('/docs/connectors', 'Actions of the connectors', shows === 'connectors')}
              <li><a href="/openapi.json${shows === 'connectors' ? '?connectors=true' : ''}">OpenAPI document</a></li>
            </ul>
          </nav>
        </header>
        <div class="columns">
          <nav class="contents" aria-label="Contents">
            ${groups.map(renderContents)}
            <h2><a href="#schemas">Schemas</a></h2>
          </nav>
          <main id="content">
            <h2 class="page">${title}</h2>
            ${groups.length === 0 ? html`<p>No connector has actions that are known.</p>` : undefined}
            ${groups.map((group) => renderGroup(group, { document, origin }))}
            <section id="schemas" aria-labelledby="schemas-title">
              <h2 id="schemas-title">Schemas</h2>
              ${schemas.map(([name, schema]) => renderNamedSchema(name, schema))}
            </section>
          </main>
        </div>
      </body>
    </html> `;
  return page.html;
}

function pageLink(href: string, name: string, isHere: boolean): Html {
  return isHere
    ? html`<li><a href="${href}" aria-current="page">${name}</a></li>`
    : html`<li><a href="${href}">${name}</a></li>`;
}

interface Group {
  readonly name: string;
  readonly about: string | undefined;
  readonly operations: readonly Placed[];
}

/** The operations of the service by their tags; those of connectors by connector. */
function groupsOf({ paths, tags = [] }: Document, shows: DocsPage['shows']): readonly Group[] {
  const placed = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Placed => {
      const id = operation.operationId ?? `${method} ${path}`;
      return { id: `operation-${id}`, method: method.toUpperCase(), path, operation };
    }),
  );
  const ofAction = ({ path }: Placed): string | undefined =>
    /\/connectors\/([^/{}]+)\/actions\/[^/{}]+$/.exec(path)?.[1];
  if (shows === 'connectors') {
    const named = Map.groupBy(
      placed.filter((each) => ofAction(each) !== undefined),
      (each) => ofAction(each) ?? '',
    );
    return [...named].map(([name, operations]) => ({ name: decodeURIComponent(name), about: undefined, operations }));
  }
  const tagged = Map.groupBy(placed, ({ operation }) => operation.tags?.[0] ?? 'others');
  const names = [...new Set([...tags.map(({ name }) => name), ...tagged.keys()])];
  return names.flatMap((name) => {
    const operations = tagged.get(name) ?? [];
    return operations.length === 0
      ? []
      : [{ name, about: tags.find((tag) => tag.name === name)?.description, operations }];
  });
}

function renderContents({ name, operations }: Group): Html {
  return html`<h2><a href="#group-${name}">${name}</a></h2>
    <ul>
      ${operations.map(({ id, operation, method, path }) => html`<li><a href="#${id}">${prose(operation.summary ?? `${method} ${path}`)}</a></li>`)}
    </ul>`;
}

interface Surroundings {
  readonly document: Document;
  readonly origin: string;
}

function renderGroup({ name, about, operations }: Group, surroundings: Surroundings): Html {
  return html`<section id="group-${name}" aria-labelledby="title-${name}">
    <h2 id="title-${name}">${name}</h2>
    ${about === undefined ? undefined : html`<p>${about}.</p>`}
    ${operations.map((each) => renderOperation(each, surroundings))}
  </section>`;
}

function renderOperation(placed: Placed, surroundings: Surroundings): Html {
  const { id, method, path, operation } = placed;
  const { parameters = [], requestBody, responses } = operation;
  const bodies = Object.entries(requestBody?.content ?? {});
  return html`<article id="${id}" aria-labelledby="${id}-title">
    <h3 id="${id}-title"><span class="method ${method.toLowerCase()}">${method}</span> <code>${path}</code></h3>
    <p>${prose(operation.summary ?? '')}</p>
    ${
      parameters.length === 0
        ? undefined
        : html`<h4>Parameters</h4>
            ${renderParameters(parameters)}`
    }
    ${bodies.map(
      ([type, { schema }]) =>
        html`<h4>Body <small>${type}${requestBody?.required === true ? '' : ', may be left out'}</small></h4>
          ${renderSchema(schema)}`,
    )}
    <h4>Answers</h4>
    <ul>
      ${Object.entries(responses).map(([status, { description, content = {} }]) => html`<li><code>${status}</code> ${description}${Object.values(content).map(({ schema }) => html`: ${describeType(schema)}`)}</li>`)}
    </ul>
    <h4>Example</h4>
    <pre><code>${exampleOf(placed, surroundings)}</code></pre>
  </article>`;
}

function renderParameters(parameters: readonly Parameter[]): Html {
  const row = ({ name, in: place, required, schema, description }: Parameter): Html => {
    const about = description ?? schema?.['description'];
    return html`<tr>
      <th scope="row">
        <code>${name}</code>${required === true ? html` <span class="required">required</span>` : undefined}
      </th>
      <td>${place}</td>
      <td>${describeType(schema)}</td>
      <td>${typeof about === 'string' ? prose(about) : undefined}</td>
    </tr>`;
  };
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Name</th>
        <th scope="col">In</th>
        <th scope="col">Type</th>
        <th scope="col">Meaning</th>
      </tr>
    </thead>
    <tbody>
      ${parameters.map(row)}
    </tbody>
  </table>`;
}

/** A call that can be typed into a shell; what has to be filled in stands in capitals. */
function exampleOf({ method, path, operation }: Placed, { document, origin }: Surroundings): string {
  const { requestBody, parameters = [] } = operation;
  const filled = path.replaceAll(/\{(\w+)\}/g, (_mark, name: string) => name.toUpperCase());
  const query = parameters
    .filter((parameter) => parameter.in === 'query' && parameter.required === true)
    .map(({ name }) => `${name}=${name.toUpperCase()}`);
  const url = `${origin}${filled}${query.length === 0 ? '' : `?${query.join('&')}`}`;
  const schema = requestBody?.content['application/json']?.schema;
  const body = schema === undefined ? undefined : JSON.stringify(sampleValue(schema, document.components.schemas));
  return [
    `curl -s ${method === 'GET' ? '' : `-X ${method} `}${quoteForShell(url)}`,
    ...(body === undefined ? [] : [`-H 'content-type: application/json'`, `-d ${quoteForShell(body)}`]),
  ].join(' \\\n  ');
}

function quoteForShell(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function renderNamedSchema(name: string, schema: unknown): Html {
  return html`<article id="${anchorOf(name)}" aria-labelledby="${anchorOf(name)}-title">
    <h3 id="${anchorOf(name)}-title"><code>${name}</code></h3>
    ${renderSchema(schema)}
    ${
      isJsonObject(schema) && isJsonObject(schema['$defs'])
        ? Object.entries(schema['$defs']).map(
            ([inner, each]) =>
              html`<h4><code>${inner}</code></h4>
                ${renderSchema(each)}`,
          )
        : undefined
    }
  </article>`;
}
