import { Command, Option } from 'commander';
import { expect, it } from '@jest/globals';
import { complete } from '../../src/cli/completion/complete.ts';

/** A program with a command of each sort. */
function program(): Command {
  const root = new Command('automate').option('--json', 'as JSON').option('--address <address>', 'where');
  const group = root.command('plugins').description(`about ${'many words '.repeat(20)}`);
  group
    .command('remove')
    .argument('<package...>')
    .action(() => undefined);
  root
    .command('execute')
    .argument('<id>')
    .argument('[file]')
    .addOption(new Option('--how <way>').choices(['soon', 'late']))
    .action(() => undefined);
  return root;
}

const ID = { value: '--odd-id', about: '' };
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const found = await complete(program(), words, async (_typed, work) => {
    const service = {
      list: async () => [{ id: ID.value, kind: 'k', status: 'healthy' }],
      plugins: async () => ({ plugins: ['a', 'b'].map((name) => ({ package: name, status: 'admitted', kinds: [] })) }),
    };
    return work(service as never, {});
  });
  return found.map(({ value }) => value);
}

it('after -- there are arguments alone, whatever they look like', async () => {
  expect(await offered('execute', '--')).toEqual(expect.arrayContaining(['--how', '--json', '--address', '--help']));
  expect(await offered('execute', '--', '--')).toEqual([ID.value]);
});

it('what stands there already is not offered again', async () => {
  expect(await offered('plugins', 'remove', '')).toEqual(['a', 'b']);
  expect(await offered('plugins', 'remove', 'a', '')).toEqual(['b']);
  expect(await offered('execute', 'x', 'y', '')).toEqual([]);
});

it('the value of an option is offered in its place, in one word or in two', async () => {
  expect(await offered('execute', '--how', '')).toEqual(['soon', 'late']);
  expect(await offered('execute', '--how=l')).toEqual(['--how=late']);
  expect(await offered('--address', 'execute', 'exec')).toEqual(['execute']);
  expect(await offered('execute', '--json', '')).toEqual([ID.value]);
});

it('what it is stands in one line', async () => {
  const [plugins] = await complete(program(), ['plug'], async () => undefined);
  expect(plugins?.about).toMatch(/^about many words .*…$/);
  expect(plugins?.about.length).toBe(80);
});
