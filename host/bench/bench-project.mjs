// A throw-away project with connector packages, for benchmarks of the whole host.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** An open adapter: the lightest there is, so that what is measured is the host. */
const ECHO = `import { ConnectorAdapter } from '@automate/sdk';
export default class Echo extends ConnectorAdapter {
  name = 'echo';
  version = '1.0.0';
  async connect() { return true; }
  async execute(action, payload) { return payload; }
}
`;

const HANGS = ECHO.replace("name = 'echo'", "name = 'hangs'").replace(
  'async connect() { return true; }',
  'connect() { return new Promise(() => {}); }',
);

/** Makes the project; `yaml` is its configuration, `sources` those of its kinds. Call `dispose` at the end. */
export function createProject(yaml, sources = {}) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'automate-bench-')));
  const write = (path, text) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const kinds = { echo: ECHO, hangs: HANGS, ...sources };
  for (const [kind, source] of Object.entries(kinds)) {
    const folder = `node_modules/connector-${kind}`;
    write(
      `${folder}/package.json`,
      JSON.stringify({
        name: `connector-${kind}`,
        version: '1.0.0',
        type: 'module',
        engines: { automate: '^1.0.0' },
        automate: { connectors: { [kind]: './index.js' } },
      }),
    );
    write(`${folder}/index.js`, source);
  }
  const dependencies = Object.fromEntries(Object.keys(kinds).map((kind) => [`connector-${kind}`, '1.0.0']));
  write('package.json', JSON.stringify({ name: 'bench-project', private: true, dependencies }));
  write('config/connectors.yaml', yaml);
  mkdirSync(join(root, 'node_modules/@automate'), { recursive: true });
  symlinkSync(
    join(import.meta.dirname, '..', 'node_modules', '@automate', 'sdk'),
    join(root, 'node_modules/@automate/sdk'),
  );
  return { root, dispose: () => rmSync(root, { recursive: true, force: true }) };
}

/** A host over a project, on free ports, silent. */
export async function openHost(root, options = {}) {
  const { createHost } = await import('../dist/index.js');
  const { Writable } = await import('node:stream');
  return createHost({
    cwd: root,
    env: {},
    flags: { grpcPort: 0, httpPort: 0, logLevel: 'silent' },
    logTo: new Writable({ write: (_chunk, _encoding, done) => done() }),
    ...options,
  });
}
