import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES } from '@automate/contract';
import { renderOutcomes } from '../render-outcomes.mjs';

const KIND = {
  kind: 'shop',
  actions: [
    { name: 'list', sideEffects: false },
    { name: 'order', sideEffects: true },
  ],
};

describe('the outcomes of a kind in its README', () => {
  it('place every code once, by whether the remote system may have acted and whether the host tries again', () => {
    const text = renderOutcomes(KIND, [], ERROR_CODES);
    for (const code of Object.keys(ERROR_CODES)) expect(text.split(new RegExp(`\\b${code}\\b`))).toHaveLength(2);
    expect(text).toMatch(/^\| otherwise TIMEOUT, .*WORKER_LOST \| `maybe` \| only actions that may be repeated \|$/m);
    expect(text).toMatch(/^\| otherwise INVALID_INPUT, .* \| `none` \| no \|$/m);
  });

  it('name the actions that change nothing, where there are any', () => {
    expect(renderOutcomes(KIND, [], ERROR_CODES)).toContain('| an action that changes nothing (`list`) | `none` |');
    expect(renderOutcomes({ ...KIND, actions: [] }, [], ERROR_CODES)).not.toContain('changes nothing');
  });

  it("end in the kind's own rows", () => {
    const own = [
      { when: 'the shop is closed | full', effect: 'none', retried: true },
      { when: 'the till was cut off', effect: 'maybe', retried: 'once' },
    ] as const;
    expect(renderOutcomes(KIND, own, ERROR_CODES)).toContain(
      [
        '| of `shop` in particular | effect | tried again |',
        '| --- | --- | --- |',
        '| the shop is closed \\| full | `none` | yes |',
        '| the till was cut off | `maybe` | once |',
      ].join('\n'),
    );
  });
});
