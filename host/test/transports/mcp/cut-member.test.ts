import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutMember } from '../../../src/transports/mcp/cut-member.ts';

const PATH = ['params', 'arguments'];

it.each([
  ['{"params":{"arguments":{"a":1}}}', '{"params":{"arguments":{}}}', '{"a":1}'],
  [
    ' { "id" : 1 , "params" : { "name":"x", "arguments" : {"}":"{\\"","b":[{}]} } }',
    ' { "id" : 1 , "params" : { "name":"x", "arguments" : {} } }',
    '{"}":"{\\"","b":[{}]}',
  ],
  // Of a key that stands twice the other one stays to be found.
  [
    '{"params":{"arguments":{"a":1},"arguments":{"b":2}}}',
    '{"params":{"arguments":{},"arguments":{"b":2}}}',
    '{"a":1}',
  ],
  ['{"params":{"arguments":[1]}}', '{"params":{"arguments":[1]}}', undefined],
  ['{"arguments":{"a":1},"params":{}}', '{"arguments":{"a":1},"params":{}}', undefined],
  ['[{"params":{"arguments":{}}}]', '[{"params":{"arguments":{}}}]', undefined],
  // Whether the rest is JSON shows when it is read.
  ['{"params":{"arguments":{"a":1}', '{"params":{"arguments":{}', '{"a":1}'],
  ['{"params":{"arguments":{"a":1', '{"params":{"arguments":{"a":1', undefined],
  ['{"params":{"arguments":{"a":"', '{"params":{"arguments":{"a":"', undefined],
  ['', '', undefined],
])('%s', (text, rest, cut) => {
  expect(cutMember(text, PATH)).toEqual({ rest, cut });
});

it('both parts of what is JSON are JSON, and together what was written', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.dictionary(fc.string(), fc.jsonValue()),
      (given, more) => {
        const { arguments: _own, ...others } = more;
        const message = { jsonrpc: '2.0', params: { ...others, arguments: given, last: 1 } };
        for (const text of [JSON.stringify(message), JSON.stringify(message, undefined, 2)]) {
          const { rest, cut } = cutMember(text, PATH);
          expect(JSON.parse(cut ?? '')).toEqual(JSON.parse(JSON.stringify(given)));
          const whole = JSON.parse(rest) as typeof message;
          expect(whole).toEqual({
            ...JSON.parse(JSON.stringify(message)),
            params: { ...(JSON.parse(JSON.stringify(message)) as typeof message).params, arguments: {} },
          });
        }
      },
    ),
  );
});

it('never throws, whatever the text', () => {
  const piece = fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', '"params"', '"arguments"', ' ', '1', 'null');
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join('');
      const { rest, cut } = cutMember(text, PATH);
      expect(cut === undefined ? rest : rest.length + cut.length - 2).toBe(cut === undefined ? text : text.length);
    }),
  );
});
