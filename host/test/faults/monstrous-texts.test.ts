import { describe, expect, it } from '@jest/globals';
import { FaultyProject, LEVELS } from './fixtures/faulty-project.ts';

/** More than a thread of ours may hold: to look into such a text is to copy it, which ends the host. */
const MONSTROUS = 300_000_000;

describe.each(LEVELS)('what a connector in a %s says, however long it is,', (level) => {
  it('is told shortened where it is thrown', async () => {
    await using faulty = await FaultyProject.open({ level });
    const answer = await faulty.call('throw_long', { length: MONSTROUS });
    expect(JSON.parse(answer.text)).toMatchObject({
      code: 'INTERNAL_ERROR',
      detail: expect.stringMatching(/300000000/),
    });
    const shorter = await faulty.call('throw_long', { length: 100_000 });
    expect(JSON.parse(shorter.text)).toMatchObject({
      detail: expect.stringMatching(/^x{4096}… \(100000 characters\)$/),
    });
    expect(await faulty.isWell()).toBe(true);
  });

  it.each(['throw_later', 'throw_text_later', 'reject_later'])('ends its own worker alone: %s', async (action) => {
    await using faulty = await FaultyProject.open({ level });
    await faulty.call(action, { length: MONSTROUS });
    await faulty.host.waitForRecord(({ connector, source }) => connector === 'bad' && source === 'host');
    expect(await faulty.isWell()).toBe(true);
    expect((await faulty.call('anything')).status).toBe(200);
  });

  it('is kept shortened where its health check says it', async () => {
    await using faulty = await FaultyProject.open({ level });
    await faulty.call('long_health', { length: 2_900_000 });
    expect((await faulty.health())['message']).toMatch(/^a text of 2900000 characters/);
    await faulty.call('long_health', { length: 100_000 });
    expect((await faulty.health())['message']).toMatch(/^x{4096}… \(100000 characters\)$/);
    await faulty.call('long_health', { length: MONSTROUS });
    expect(await faulty.health()).toMatchObject({ healthy: false, message: expect.stringMatching(/longer than/) });
    expect((await faulty.ask('/api/v1/connectors')).text.length).toBeLessThan(20_000);
    expect(await faulty.isWell()).toBe(true);
  });

  it('is cut in its log', async () => {
    await using faulty = await FaultyProject.open({ level });
    expect((await faulty.call('print', { length: MONSTROUS })).status).toBe(200);
    await faulty.host.waitForRecord(({ msg }) => /300000001 characters/.test(String(msg)));
    expect(await faulty.isWell()).toBe(true);
  });

  it.each([
    ['description', 150_000_000],
    ['title', 20_000_000],
    ['actions', 4_000_000],
  ])('keeps it from starting where its %s has %i characters', async (field, length) => {
    const value =
      field === 'actions'
        ? `{ tell: action({ description: 'x', input: { schema: any, jsonSchema: { type: 'object', description: long } }, sideEffects: false, idempotent: true, run: () => 1 }) }`
        : 'long';
    const source = `
import { action, ConnectorAdapter } from '@automate/sdk';
const long = 'x'.repeat(${length});
const any = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
export default class Hostile extends ConnectorAdapter {
  name = 'hostile';
  version = '1.0.0';
  ${field} = ${value};
  async connect() { return true; }
}
`;
    await using faulty = await FaultyProject.open({ level, source });
    const { text } = await faulty.call('tell');
    expect(JSON.parse(text)).toMatchObject({ code: 'INTERNAL_ERROR', details: { reason: 'bad_description' } });
    expect(text.length).toBeLessThan(20_000);
    expect(await faulty.isWell()).toBe(true);
  });
});
