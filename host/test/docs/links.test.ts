import { existsSync, globSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { codeBlocks, OTHER_PAGES, PACKAGE_PAGES, PAGES, prose, readPage, ROOT } from './fixtures/read-docs.ts';

/**
 * The anchors that a page's titles get on the usual sites: small letters, no punctuation, hyphens for spaces. Without those
 * of titles that stand there twice, which would lead to the first of them.
 */
function anchorsOf(file: string): ReadonlySet<string> {
  const titles = [...prose(file).matchAll(/^#+ (.*)$/gm)].map((match) => match[1] ?? '');
  const anchors = titles.map((title) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set(anchors.filter((anchor) => anchors.indexOf(anchor) === anchors.lastIndexOf(anchor)));
}

function brokenLinks(file: string): readonly string[] {
  const links = [...prose(file).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : join(dirname(file), path);
      if (!existsSync(join(ROOT, target))) return true;
      if (anchor === undefined) return false;
      return !statSync(join(ROOT, target)).isFile() || !anchorsOf(target).has(anchor);
    });
}

/** What a page may call a file: its path without folders in front, with the suffix or without. */
function endingsOf(path: string): readonly string[] {
  const parts = path.split('/');
  const endings = parts.map((_, index) => parts.slice(index).join('/'));
  return [...endings, ...endings.map((ending) => ending.replace(/\.ts$/, ''))];
}

const pages = [...PAGES, ...PACKAGE_PAGES, ...OTHER_PAGES];

describe('the pages', () => {
  it.each(pages)('%s: every relative link leads somewhere', (file) => {
    expect(brokenLinks(file)).toEqual([]);
  });

  it('are all reachable from the README', () => {
    const readme = readPage('README.md');
    expect(PAGES.filter((file) => file !== 'README.md' && !readme.includes(`(${file})`))).toEqual([]);
  });

  it.each(['docs/architecture.md', 'CONTRIBUTING.md'])('%s: every file that it names is there', (file) => {
    const named = [...prose(file).matchAll(/`((?:host|packages)\/[\w./-]+)`/g)].map((match) => match[1] ?? '');
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('docs/architecture.md: every file that it names by the end of its path is there, those of its drawings too', () => {
    const page = 'docs/architecture.md';
    const files = globSync(['host/*', 'host/{src,test}/**', 'packages/*/src/**', 'packages/*/*'], { cwd: ROOT });
    const endings = new Set(files.flatMap((file) => endingsOf(file)));
    const spans = [...prose(page).matchAll(/`([a-z][\w.-]*[/-][\w./-]*[\w])\/?`/g)].map((match) => match[1] ?? '');
    const drawings = codeBlocks(page).filter(({ words }) => words.includes('files'));
    const drawn = drawings.flatMap(({ text }) => text.match(/[a-z]+(?:\/[a-z-]+)+/g) ?? []);
    expect(drawn).not.toEqual([]);
    const missing = [...spans, ...drawn].filter((name) => !endings.has(name) && !existsSync(join(ROOT, name)));
    expect(missing).toEqual([]);
  });

  it.each(pages)('%s: no block of code is left open', (file) => {
    const fences = readPage(file).match(/^```/gm) ?? [];
    expect(fences.length % 2).toBe(0);
  });

  it('tell all alike how to install the host: by one command, with nothing to decide before', () => {
    const install = 'pnpm add @automate/host @automate/connector-prometheus';
    const blocks = pages.flatMap(codeBlocks).filter(({ text }) => text.includes(install));
    expect(blocks.map(({ file }) => file)).toEqual(['README.md', 'docs/getting-started.md', 'host/README.md']);
    for (const { text } of blocks) expect(text.split('\n')[0]).toBe(install);
  });
});
