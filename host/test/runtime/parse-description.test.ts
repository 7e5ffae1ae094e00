import { describe, expect, it } from '@jest/globals';
import { parseDescription } from '../../src/runtime/parse-description.ts';

const ORIGIN = { kind: 'odd', packageName: 'connector-odd', packageVersion: '1.2.3' };

describe('what a worker says that its adapter can do', () => {
  it.each([
    ['null', 'is no JSON object'],
    ['5', 'is no JSON object'],
    ['{"broken', 'is no JSON object'],
    ['{"actions":5}', 'has no text at version'],
    ['{"version":"1","open":true,"actions":5}', 'has no list at actions'],
    ['{"version":"1","open":true,"actions":[null]}', 'has no object at actions[0]'],
  ])('is refused where it is %s', (text, words) => {
    expect(() => parseDescription(text, ORIGIN)).toThrow(
      expect.objectContaining({
        code: 'INTERNAL_ERROR',
        blame: 'plugin',
        effect: 'none',
        message: expect.stringContaining(words),
        details: { reason: 'bad_description' },
      }),
    );
  });

  it('is of the package that the host knows, whatever else it says', () => {
    const said = {
      version: '1',
      open: true,
      actions: [],
      kind: 'other',
      package: { name: 'other', version: '9' },
      x: 1,
    };
    expect(parseDescription(JSON.stringify(said), ORIGIN)).toMatchObject({
      kind: 'odd',
      package: { name: 'connector-odd', version: '1.2.3' },
      actions: [],
    });
  });
});
