import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { openCommandLineDoor } from './command-line-door.ts';
import { ODD_CALLS } from './odd-calls.ts';
import { playStep, SCENARIO_YAML } from './scenario.ts';

/** Each costs a process: of those that differ in what is said, one. */
const STEPS = [
  ...['list an unknown type', 'list a type of no name', 'list a tag that nobody has', 'health of an unknown type'],
  ...['get a path', 'get lines', 'get other letters', 'remove no id', 'health of no id', 'health of a disabled one'],
  ...['test a missing kind', 'timeout: of a call, 0', 'execute a path', 'execute a list', 'execute deep'],
  ...['execute half a character', 'execute text of no length', 'execute text with more behind it'],
  ...['key: spaces around it', 'register a large one', 'register an unknown key', 'register an id in capitals'],
  ...['register an unknown profile', 'register odd limits', 'register basic without a password'],
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
