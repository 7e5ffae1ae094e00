import { describe, expect, it } from '@jest/globals';
import type { ConnectorInfo } from '../src/api/types.ts';
import type { ListQuery } from '../src/views/filter-connectors.ts';
import { filterConnectors } from '../src/views/filter-connectors.ts';

const info = (id: string, more: Partial<ConnectorInfo> = {}): ConnectorInfo => ({
  id,
  name: id,
  type: 'custom',
  kind: 'http',
  description: '',
  endpoint: '',
  enabled: true,
  status: 'healthy',
  mode: 'local',
  metadata: {},
  tags: [],
  owner: 'file',
  isolation: 'thread',
  last_error: '',
  ...more,
});

const ALL: ListQuery = { search: '', status: 'all', sort: 'status', descending: false };
const ROWS = [
  info('c-10', { tags: ['billing'] }),
  info('c-2', { kind: 'slack' }),
  info('broken', { status: 'unhealthy', last_error: 'connect ECONNREFUSED 10.0.0.1:5432' }),
  info('off', { status: 'unavailable', enabled: false }),
].map((each) => ({ info: each, health: undefined }));

const ids = (query: Partial<ListQuery>): readonly string[] =>
  filterConnectors(ROWS, { ...ALL, ...query }).map(({ info }) => info.id);

describe('the list of connectors', () => {
  it('has first what needs somebody, and numbers in ids in their order', () => {
    expect(ids({})).toEqual(['broken', 'off', 'c-2', 'c-10']);
    expect(ids({ descending: true })).toEqual(['c-2', 'c-10', 'off', 'broken']);
    expect(ids({ sort: 'id' })).toEqual(['broken', 'c-2', 'c-10', 'off']);
  });

  it.each([
    ['BILLING', ['c-10']],
    ['econnrefused 5432', ['broken']],
    ['slack', ['c-2']],
    ['nothing like it', []],
  ])('finds %s', (search, expected) => {
    expect(ids({ search })).toEqual(expected);
  });

  it('is narrowed to a status', () => {
    expect(ids({ status: 'healthy' })).toEqual(['c-2', 'c-10']);
    expect(ids({ status: 'healthy', search: 'broken' })).toEqual([]);
  });
});
