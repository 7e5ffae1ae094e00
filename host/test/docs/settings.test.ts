import { describe, expect, it } from '@jest/globals';
import { buildProgram } from '../../src/cli/build-program.ts';
import { EXIT } from '../../src/cli/cli-context.ts';
import type { CliContext } from '../../src/cli/cli-context.ts';
import { readHostSettings } from '../../src/host-settings.ts';
import { readSources } from '../boundaries/read-sources.ts';
import { codeIn, tableOf } from './fixtures/read-docs.ts';

const PAGE = 'docs/operating.md';
const settings = tableOf(PAGE, 'Settings', 'variable');
const rows = settings.rows.map(([variable = '', flag = '', fallback = '']) => ({
  variable: codeIn(variable)[0],
  flag: codeIn(flag)[0],
  fallback: codeIn(fallback)[0],
}));
const present = (word: string | undefined): word is string => word !== undefined;

/** No command is run here, so none of its means is needed. */
const program = buildProgram({} as CliContext, '1.0.0', { json: false });
const optionsOf = (command: typeof program): string[] => command.options.map(({ long }) => long).filter(present);

describe('the settings in docs/operating.md', () => {
  it('name every variable that the host and the client read, and no other', () => {
    const read = readSources('host/src/**/*.ts', 'packages/client/src/**/*.ts').flatMap(({ text }) =>
      [...text.matchAll(/\benv\)?\['([A-Z_]+)'\]/g)].map((match) => match[1] ?? ''),
    );
    expect(
      rows
        .map(({ variable }) => variable)
        .filter(present)
        .toSorted(),
    ).toEqual([...new Set(read)].toSorted());
  });

  it('name every flag of the command line and of start, and no other', () => {
    const start = program.commands.find((command) => command.name() === 'start');
    const flags = [...optionsOf(program), ...(start === undefined ? [] : optionsOf(start))];
    expect(
      rows
        .map(({ flag }) => flag)
        .filter(present)
        .toSorted(),
    ).toEqual(flags.toSorted());
  });

  it('name the defaults that the host really has', () => {
    const actual = readHostSettings({ flags: {}, env: {}, projectDir: '/project', terminal: false });
    const documented = new Map(rows.map(({ variable, fallback }) => [variable, fallback]));
    expect({
      grpcPort: Number(documented.get('GRPC_PORT')),
      httpPort: Number(documented.get('HTTP_PORT')),
      bindAddress: documented.get('BIND_ADDRESS'),
      loopback: true,
      allowPlaintext: documented.get('ALLOW_PLAINTEXT') === 'true',
      allowedHosts: [],
      hostLabels: [],
      dataDir: `/project/${documented.get('DATA_DIR')}`,
      logLevel: documented.get('LOG_LEVEL'),
      logFormat: documented.get('LOG_FORMAT'),
      auditMaxAgeMs: 86_400_000 * Number.parseInt(documented.get('AUDIT_MAX_AGE') ?? '', 10),
      auditMaxRows: Number(documented.get('AUDIT_MAX_ROWS')),
      healthIntervalMs: 1000 * Number.parseInt(documented.get('HEALTH_INTERVAL') ?? '', 10),
    }).toEqual(actual);
  });
});

describe('the commands in the documentation', () => {
  const commands = program.commands.flatMap((command) => [
    // It does something itself, and has commands below it.
    ...(command.commands.length === 0 || command.name() === 'hosts' ? [command.name()] : []),
    ...command.commands.map((sub) => `${command.name()} ${sub.name()}`),
  ]);

  it('are all there, in the README of the host', () => {
    const documented = tableOf('host/README.md', '@automate/host', 'command').rows.flatMap(([cell = '']) => {
      const [first = '', ...others] = codeIn(cell).map((words) =>
        words.replace(/^automate /, '').replace(/ [A-Z ]+$/, ''),
      );
      const group = first.split(' ')[0] ?? '';
      return [first, ...others.map((word) => `${group} ${word}`)];
    });
    expect(documented.toSorted()).toEqual(commands.toSorted());
  });

  it('end with the exit codes that are documented', () => {
    const documented = tableOf(PAGE, 'Exit codes', 'code').rows.map(([code]) => Number(code));
    expect(documented).toEqual(Object.values(EXIT));
  });
});
