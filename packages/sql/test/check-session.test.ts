import { checkSession } from '@automate/sql';
import { expect, it } from '@jest/globals';

const set = { autocommit: '1', time_zone: 'SYSTEM', sql_mode: 'ANSI_QUOTES,STRICT_ALL_TABLES' };

it('takes a session that is as it was set', () => {
  expect(() => checkSession('MySQL at here:1', set, { ...set, autocommit: 1, version: 'x' })).not.toThrow();
});

it.each(Object.keys(set))('refuses a session whose %s something in between has kept for itself', (name) => {
  expect(() => checkSession('MySQL at here:1', set, { ...set, [name]: 'another' })).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      effect: 'none',
      details: { reason: 'session_setting', setting: name },
    }),
  );
});
