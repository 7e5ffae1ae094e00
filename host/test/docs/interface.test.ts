import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import { API_PREFIX, HTTP_ROUTES } from '@automate/contract/http';
import { readManifests, readSources } from '../boundaries/read-sources.ts';
import { codeIn, PACKAGE_PAGES, readPage, ROOT, tableOf } from './fixtures/read-docs.ts';

const PAGE = 'docs/api.md';
const routes = Object.values(HTTP_ROUTES).map(({ method, path }) => `${method} ${path}`);
const methods = Object.values(CONNECTORS_SERVICE).map(({ path }) => path.slice(path.lastIndexOf('/') + 1));

/** The methods of the port, by its source: an interface leaves nothing at run time. */
function portMethods(): readonly string[] {
  const sources = readSources('packages/contract/src/connector-service.ts', 'packages/contract/src/*-operations.ts');
  return sources
    .flatMap(({ text }) => [
      ...text.matchAll(/export interface (?:ConnectorService|\w+Operations)\s[^{]*\{([^]*?)^\}/gm),
    ])
    .flatMap(([, body = '']) => [...body.matchAll(/^ {2}(\w+)\(/gm)].map((match) => match[1] ?? ''))
    .filter((name) => name !== 'close');
}

describe('docs/api.md', () => {
  it('lists the routes of REST, and no others', () => {
    const documented = tableOf(PAGE, 'REST', 'route').rows.map(([route = '']) => codeIn(route)[0]);
    expect(documented).toEqual(Object.values(HTTP_ROUTES).map(({ method, path }) => `${method} ${API_PREFIX}${path}`));
  });

  it('lists the methods of gRPC, and no others', () => {
    const documented = tableOf(PAGE, 'gRPC', 'method').rows.map(([method = '']) => codeIn(method)[0] ?? '');
    expect(documented.toSorted()).toEqual(methods.toSorted());
  });

  it('says for each method of the port how it is reached', () => {
    const { rows } = tableOf(PAGE, 'One table', '`ConnectorService`');
    const column = (index: number): readonly string[] => rows.flatMap((row) => codeIn(row[index] ?? '')).toSorted();
    expect(column(0)).toEqual([...portMethods()].toSorted());
    expect(column(1)).toEqual(methods.toSorted());
    expect(column(2)).toEqual(routes.toSorted());
  });

  it('names the routes for whoever runs the host', () => {
    const [source] = readSources('host/src/transports/rest/operational-routes.ts');
    const there = [...(source?.text ?? '').matchAll(/app\.get\('([^']+)'/g)].map((match) => `GET ${match[1]}`);
    expect(there.filter((route) => !readPage(PAGE).includes(`\`${route}\``))).toEqual([]);
  });
});

describe('docs/operating.md', () => {
  it('has the words with which messages of health begin', () => {
    const [source] = readSources('host/src/connectors/probe.ts');
    const words = [...(source?.text ?? '').matchAll(/^ {2}[A-Za-z0-9_]+: '([a-z ]+)',$/gm)].map((match) => match[1]);
    const documented = tableOf('docs/operating.md', 'Health', 'words').rows.flatMap(([cell = '']) => codeIn(cell));
    expect(documented.toSorted()).toEqual([...new Set(words)].toSorted());
  });

  it('has the kinds of trouble that it tells how to end, in the words that the host uses', () => {
    const texts = readSources('host/src/**/*.ts', 'packages/*/src/**/*.ts').map(({ text }) => text);
    const phrases = tableOf('docs/operating.md', 'Troubleshooting', 'you see').rows.flatMap(([cell = '']) =>
      codeIn(cell),
    );
    const own = phrases
      .map((phrase) => phrase.replace(/ …$/, ''))
      .filter((phrase) => !/^(file:|plugins list)/.test(phrase));
    expect(
      own.filter(
        (phrase) => !texts.some((text) => text.includes(phrase) || text.includes(phrase.replace(/^[a-z]+_/, '_'))),
      ),
    ).toEqual([]);
  });
});

describe('README.md', () => {
  const { rows } = tableOf('README.md', 'Kinds of connectors in this repository', 'kind');

  it('lists every kind with its package, its type and what it needs', () => {
    // Without a README a package is still being written.
    const manifests = [...readManifests()].filter(
      ([folder]) => folder.startsWith('plugins/') && PACKAGE_PAGES.includes(`${folder}/README.md`),
    );
    const expected = manifests.flatMap(([folder]) => {
      const { name, automate } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as {
        readonly name: string;
        readonly automate: {
          readonly connectors: Readonly<Record<string, { readonly type?: string; readonly autoconfigure?: boolean }>>;
        };
      };
      return Object.entries(automate.connectors).map(([kind, entry]) => ({
        kind,
        type: entry.type ?? 'custom',
        name,
        needs: entry.autoconfigure === true ? 'none' : 'an entry',
      }));
    });
    const documented = rows.map(([kind = '', type, , name = '', needs]) => ({
      kind: codeIn(kind)[0],
      type,
      name: codeIn(name)[0],
      needs,
    }));
    expect(documented).toEqual(expected.toSorted((a, b) => (a.kind < b.kind ? -1 : 1)));
  });

  it('names every benchmark', () => {
    const source = readFileSync(join(ROOT, 'host/bench/main.mjs'), 'utf8');
    const names = [...source.matchAll(/^ {2}'?([a-z-]+)'?: \(\) => import/gm)].map((match) => match[1]);
    const documented = tableOf('README.md', 'Performance', 'command').rows.map(([command = '']) => codeIn(command)[0]);
    expect(documented.toSorted()).toEqual(names.map((name) => `npm run bench -- ${name}`).toSorted());
  });
});

describe('CONTRIBUTING.md', () => {
  it('names only scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const named = [...readPage('CONTRIBUTING.md').matchAll(/\bnpm run ([\w:-]+)/g)].map((match) => match[1] ?? '');
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});
