import { describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import { FaultyProject, LEVELS } from './fixtures/faulty-project.ts';

/** A connector that garbles, from its import on, the message that tells what it can do. */
const describing = (text: string): string => `
import { ConnectorAdapter } from '@automate/sdk';
const { defineProperty } = Object;
defineProperty(Array.prototype, '1', {
  configurable: true,
  set(given) {
    const value = this[0] === 7 ? ${JSON.stringify(text)} : given;
    defineProperty(this, '1', { value, writable: true, enumerable: true, configurable: true });
  },
});
export default class Hostile extends ConnectorAdapter {
  name = 'hostile';
  version = '1.0.0';
  async connect() { return true; }
  async execute() { return 1; }
}
`;

describe.each(LEVELS)('a connector in a %s whose worker is not itself any more', (level) => {
  it.each(['{"broken', '1,"replayed":true,"result":2', '', 'undefined'])('answers no caller with %j', async (text) => {
    await using faulty = await FaultyProject.open({ level });
    await using service = await connect({ address: faulty.host.ready.grpc });
    await faulty.call('forge', { text });
    const answer = await faulty.call('anything');
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.text)).toMatchObject({
      code: 'INTERNAL_ERROR',
      blame: 'plugin',
      connector: 'bad',
      details: { reason: 'bad_result' },
    });
    await expect(service.execute({ id: 'bad', action: 'anything', payload: {} })).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      details: { reason: 'bad_result' },
    });
    expect(await faulty.isWell()).toBe(true);
  });

  it.each(['{"broken', 'null', '5', '{"status":"healthy","message":{}}', '[]'])(
    'is unhealthy, or has no message, where its check answers %j',
    async (text) => {
      await using faulty = await FaultyProject.open({ level });
      await faulty.call('forge', { text });
      for (let round = 0; round < 3; round += 1) expect(typeof (await faulty.health())['message']).toBe('string');
      expect(await faulty.isWell()).toBe(true);
    },
  );

  it.each(['null', '5', '{"actions":5}', '{"broken', '{"version":"1","open":true,"actions":[null]}'])(
    'does not start where it says of itself %j',
    async (text) => {
      await using faulty = await FaultyProject.open({ level, source: describing(text) });
      expect(JSON.parse((await faulty.call('anything')).text)).toMatchObject({
        code: 'INTERNAL_ERROR',
        blame: 'plugin',
        effect: 'none',
        details: { reason: 'bad_description' },
      });
      expect((await faulty.ask('/api/v1/connectors/bad/actions')).status).toBe(500);
      expect(await faulty.isWell()).toBe(true);
    },
  );
});
