import { beforeAll, describe, expect, it } from '@jest/globals';
import { FAULT_GROUPS } from '../dist/cli/isolation/faults.js';
import { LEVELS } from '../dist/cli/isolation/run-isolation.js';
import { CliProject } from './cli/fixtures/cli-project.ts';
import { tables } from './docs/fixtures/read-docs.ts';

interface ToldCell {
  readonly fault: string;
  readonly level: string;
  readonly outcome: string;
  readonly host_lives?: boolean;
  readonly beside_failed?: number;
}

const FAULTS = FAULT_GROUPS.flatMap(({ faults }) => faults);
const QUICK = FAULTS.filter(({ quick }) => quick === true);

/** What the page says: by fault and level, without times. */
function readMatrix(): ReadonlyMap<string, string> {
  const cells = new Map<string, string>();
  for (const { head, rows } of tables('docs/isolation.md')) {
    if (head[0] !== 'a connector that …') continue;
    for (const [what, ...outcomes] of rows) {
      const fault = FAULTS.find((each) => each.what === what)?.name ?? what;
      for (const [column, outcome] of outcomes.entries()) {
        const level = head[column + 1]?.replaceAll('`', '');
        cells.set(`${fault} at ${level}`, outcome.replace(/; next .*/, '').replaceAll('**', ''));
      }
    }
  }
  return cells;
}

describe('the page of isolation', () => {
  const page = readMatrix();

  it('has every fault at every level, and no other', () => {
    const wanted = FAULTS.flatMap(({ name }) => LEVELS.map((level) => `${name} at ${level}`));
    expect([...page.keys()].toSorted()).toStrictEqual(wanted.toSorted());
    expect([...page.values()].filter((outcome) => outcome === '')).toStrictEqual([]);
  });

  describe('says what a run of today says', () => {
    let cells: readonly ToldCell[] = [];
    beforeAll(async () => {
      await using project = await CliProject.open({ yaml: 'connectors: []\n' });
      ({ cells } = await project.json<{ readonly cells: readonly ToldCell[] }>(['isolation', '--run', '--quick']));
    }, 240_000);

    it('of the quick faults at every level', () => {
      const seen = cells.map(({ fault, level, outcome }) => [`${fault} at ${level}`, outcome] as const);
      expect(seen).toHaveLength(QUICK.length * LEVELS.length);
      expect(Object.fromEntries(seen)).toStrictEqual(
        Object.fromEntries(seen.map(([cell]) => [cell, page.get(cell)] as const)),
      );
    });

    it('and the healthy connector beside them had no failed call where the host lived', () => {
      const hurt = cells.filter(({ host_lives, beside_failed = 0 }) => host_lives === true && beside_failed > 0);
      expect(hurt).toStrictEqual([]);
    });
  });
});
