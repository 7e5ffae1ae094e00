import { createRoom, createRowPage, jsonValue, MAX_RESULT_BYTES } from '@automate/sql';
import type { Column } from '@automate/sql';
import { describe, expect, it } from '@jest/globals';

const columns = (...names: string[]): Column[] => names.map((name) => ({ name, type: 'text', category: 'text' }));
const huge = 'x'.repeat(MAX_RESULT_BYTES);

describe('a page of rows', () => {
  it.each([
    [2, false],
    [3, true],
  ])('holds as many as were asked for behind those that are left out: %i of them, more: %p', (count, truncated) => {
    const page = createRowPage(columns('a'), { limit: 2, offset: 1, room: createRoom(), tooLarge: 'refuse' });
    for (const value of ['left out', 'x', 'y', 'z'].slice(0, count + 1)) page.add(() => [value]);
    expect(page.result()).toMatchObject({ rows: [{ a: 'x' }, { a: 'y' }], row_count: 2, truncated });
  });

  it('keeps each value of a row, whatever the columns are called', () => {
    const names = columns('id', 'id', 'id_2', '__proto__');
    const page = createRowPage(names, { limit: 5, offset: 0, room: createRoom(), tooLarge: 'refuse' });
    page.add(() => [1, 2, 3, 4]);
    expect(JSON.stringify(page.result().rows)).toBe('[{"id":1,"id_3":2,"id_2":3,"__proto__":4}]');
  });

  it('refuses a row that is too large by itself, and names its largest column', () => {
    const page = createRowPage(columns('a', 'b'), { limit: 5, offset: 0, room: createRoom(), tooLarge: 'refuse' });
    expect(() => page.add(() => ['x', huge])).toThrow(/in column "b"/);
  });

  it('cuts the large values of the first row after a change, and keeps the others', () => {
    const page = createRowPage(columns('a', 'b'), { limit: 5, offset: 0, room: createRoom(), tooLarge: 'cut' });
    page.add(() => ['x', huge]);
    page.add(() => ['y', 'z']);
    page.add(() => ['y', huge]);
    expect(page.result()).toMatchObject({
      rows: [
        { a: 'x', b: { truncated: huge.length + 2 } },
        { a: 'y', b: 'z' },
      ],
      row_count: 2,
      truncated: true,
    });
  });

  it('leaves out columns that are too large by themselves after a change, and refuses them else', () => {
    const named = columns(huge);
    const of = (tooLarge: 'refuse' | 'cut') =>
      createRowPage(named, { limit: 5, offset: 0, room: createRoom(), tooLarge });
    const page = of('cut');
    page.add(() => ['x']);
    expect(page.result()).toStrictEqual({ columns: [], rows: [], row_count: 0, truncated: true });
    expect(() => of('refuse')).toThrow(/shorter names/);
  });

  it('shares its room with the other results of the call', () => {
    const room = createRoom();
    const half = 'x'.repeat(MAX_RESULT_BYTES / 2);
    const results = [1, 2, 3].map(() => {
      const page = createRowPage(columns('a'), { limit: 5, offset: 0, room, tooLarge: 'cut' });
      page.add(() => [half]);
      page.add(() => [half]);
      return page.result();
    });
    expect(JSON.stringify(results).length).toBeLessThan(MAX_RESULT_BYTES + 1000);
    expect(results[2]?.rows).toEqual([{ a: { truncated: half.length + 2 } }]);
  });
});

describe('numbers within JSON', () => {
  it.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', '9007199254740993'],
    ['-12345678901234567890', '-12345678901234567890'],
    ['0.1', 0.1],
    ['1.10', 1.1],
    ['1.0000000000000000000', 1],
    ['0.12345678901234567890123', '0.12345678901234567890123'],
    ['1e3', 1000],
    ['1.5E-7', 1.5e-7],
    ['1e400', '1e400'],
    ['0e400', 0],
    ['100000000000000000000', 100000000000000000000],
    ['"12345678901234567890"', '12345678901234567890'],
  ])('stay numbers where none of their digits is lost: %s', (text, value) => {
    expect(jsonValue(`{"n": [${text}]}`)).toStrictEqual({ n: [value] });
  });
});
