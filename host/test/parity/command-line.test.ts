import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ConnectorError } from '@automate/contract';
import { toProblemDocument } from '@automate/contract/http';
import { LaterStore } from '../fixtures/later-store.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { AUTOMATE, plainEnvironment } from '../cli/fixtures/cli-project.ts';
import { runCommand } from '../cli/fixtures/run-command.ts';
import { openCommandLineDoor } from './command-line-door.ts';
import { ODD_CALLS } from './odd-calls.ts';
import { playStep, SCENARIO_YAML } from './scenario.ts';

/** Each costs a process: of those that differ in what is said, one. */
const STEPS = [
  ...['list an unknown type', 'list a type of no name', 'list a tag that nobody has', 'health of an unknown type'],
  ...['get a path', 'get lines', 'get other letters', 'remove no id', 'health of no id', 'health of a disabled one'],
  ...['test a missing kind', 'timeout: of a call, 0', 'execute a path', 'execute a list', 'execute deep'],
  ...['execute half a character', 'execute text of no length', 'execute text with more behind it'],
  ...['unseen: id', 'unseen: before a text', 'unseen: a key', 'register half a character'],
  ...['key: spaces around it', 'register a large one', 'register an unknown key', 'register an id in capitals'],
  ...[
    'register a word of a route',
    'update a word of a route',
    'register an unknown profile',
    'register odd limits',
    'register basic without a password',
  ],
];

let host: SandboxHost;
beforeAll(async () => {
  host = await SandboxHost.open({ yaml: SCENARIO_YAML, manifests: { open_kind: { scheme: 'shop' } } });
});
afterAll(() => host[Symbol.asyncDispose]());

it.each(STEPS)('answers on the command line what it answers in process: %s', async (step) => {
  const work = ODD_CALLS[step]!;
  const door = openCommandLineDoor(host.sandbox.root);
  expect(await playStep(step, () => work(door))).toEqual(await playStep(step, () => work(host.service)));
});

it.each([
  ['null', null],
  ['~', null],
  ['[]', []],
  ['- id: a', []],
  ['true', true],
  ['5', 5],
  ['--- # nothing', null],
  ['\ufeffnull', null],
] as const)('refuses on the command line, in the words of all doors, to register %j', async (text, value) => {
  const { stderr } = await register('-', text);
  const refused = await host.service.register(value as never).catch((error: unknown) => error as Error);
  expect(JSON.parse(stderr)).toMatchObject({ code: 'INVALID_INPUT', detail: (refused as Error).message });
});

it('takes a registration that begins with the mark of its encoding, as editors write it', async () => {
  const text = '\ufeffid: marked\nkind: echo\n';
  for (const input of ['-', text]) {
    expect(await register(input, text)).toMatchObject({ status: 0 });
    await host.service.remove('marked');
  }
});

it('says of a host that ends what all doors say of it, with an exit code of its own', async () => {
  let store: LaterStore | undefined;
  await using it = await SandboxHost.open({
    kinds: ['echo'],
    yaml: 'connectors:\n  - { id: echo }\n',
    openStore: (directory) => (store = new LaterStore(directory)),
  });
  const hold = store!.hold();
  const underWay = it.service.register({ id: 'mine', kind: 'echo' });
  await hold.begun;
  const closing = it.host.close();
  const commands = [
    ['execute', 'echo', 'say', '--input', '{"text":"a"}'],
    ['connectors', 'list'],
    ['connectors', 'register', '--input', 'id: other\nkind: echo'],
    ['connectors', 'remove', 'mine'],
    ['connectors', 'health'],
    ['plugins', 'list', '--address', it.host.grpcAddress ?? ''],
  ];
  const here = await it.service.list().catch((error: ConnectorError) => error);
  for (const command of commands) {
    const told = await runCommand(process.execPath, [AUTOMATE, ...command, '--json'], {
      cwd: it.sandbox.root,
      env: plainEnvironment(),
    });
    expect(told).toMatchObject({ status: 69, stdout: '' });
    expect(JSON.parse(told.stderr)).toEqual(toProblemDocument(here as ConnectorError));
  }
  hold.release();
  await expect(underWay).resolves.toMatchObject({ id: 'mine' });
  await closing;
});

const register = (input: string, text: string) =>
  runCommand(process.execPath, [AUTOMATE, 'connectors', 'register', '--input', input, '--json'], {
    cwd: host.sandbox.root,
    env: plainEnvironment(),
    input: text,
  });
