import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ConnectorDescription, ConnectorEvent, ConnectorInfo, ConnectorService } from '@automate/contract';
import { UnavailableError } from '@automate/contract';
import { ToolCatalog } from '../../../src/transports/mcp/tool-catalog.ts';
import { eventually } from './fixtures/open-agent.ts';

const info = (id: string, status = 'unknown'): ConnectorInfo =>
  ({ id, name: id, kind: 'k', description: '', enabled: true, status }) as ConnectorInfo;
const describes = (...names: readonly string[]): ConnectorDescription =>
  ({
    open: false,
    actions: names.map((name) => ({ name, description: name, input: true, sideEffects: false, idempotent: true })),
  }) as unknown as ConnectorDescription;

/** A service whose watch is what the test says, and breaks off where it says so. */
class Watched implements Pick<ConnectorService, 'describe' | 'watch'> {
  describe: ConnectorService['describe'] = async () => describes('run');
  #queue: (ConnectorEvent | 'breaks off')[] = [];
  #wake = (): void => undefined;
  watches = 0;

  say(...events: (ConnectorEvent | 'breaks off')[]): void {
    this.#queue.push(...events);
    this.#wake();
  }

  async *watch(): AsyncGenerator<ConnectorEvent, void> {
    this.watches += 1;
    for (;;) {
      const event = this.#queue.shift();
      if (event === 'breaks off') throw new UnavailableError('gone');
      if (event !== undefined) yield event;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

let open: ToolCatalog | undefined;
afterEach(() => open?.close());

function follow(service: Watched): { readonly names: () => readonly string[] } {
  const catalog = new ToolCatalog({
    service,
    options: {},
    exposure: { allow: ['*'], deny: [], readOnly: false },
    tellTrouble: () => undefined,
  });
  open = catalog;
  void catalog.ready();
  return { names: () => [...catalog.tools()].map(({ tool }) => tool.name) };
}

const added = (id: string): ConnectorEvent => ({ kind: 'added', revision: 1, connector: info(id) });
const SYNCED: ConnectorEvent = { kind: 'synced', revision: 1 };

describe('the list of tools', () => {
  it('loses those of connectors that went while nobody watched', async () => {
    const service = new Watched();
    const { names } = follow(service);
    service.say(added('a'), added('b'), SYNCED);
    await eventually(() => names().length === 2);
    service.say('breaks off', added('b'), SYNCED);
    await eventually(() => names().length === 1);
    expect([names(), service.watches]).toEqual([['b__run'], 2]);
  });

  it('has what a connector says once it can, asked again after a while or when it is better', async () => {
    const service = new Watched();
    const silent = new Set(['later', 'sooner']);
    const asked: string[] = [];
    service.describe = async (id) => {
      asked.push(id);
      if (silent.has(id)) throw new UnavailableError('not yet');
      return describes('run');
    };
    const { names } = follow(service);
    service.say(added('later'), SYNCED);
    await eventually(() => asked.length === 1);
    silent.clear();
    await eventually(() => names().includes('later__run'));
    silent.add('sooner');
    service.say(added('sooner'));
    await eventually(() => asked.includes('sooner'));
    await delay(10);
    silent.clear();
    const before = performance.now();
    service.say({ kind: 'status', revision: 2, connector: info('sooner', 'healthy') });
    await eventually(() => asked.filter((id) => id === 'sooner').length === 2);
    // It would be asked by itself as well, but not so soon.
    expect(performance.now() - before).toBeLessThan(900);
    await eventually(() => names().includes('sooner__run'));
  });

  it('has what a connector says last, though it became another one while it was asked', async () => {
    const service = new Watched();
    const answers: ((description: ConnectorDescription) => void)[] = [];
    service.describe = () => new Promise((resolve) => answers.push(resolve));
    const { names } = follow(service);
    service.say(added('a'), SYNCED);
    await eventually(() => answers.length === 1);
    service.say({ kind: 'updated', revision: 2, connector: info('a') });
    await delay(20);
    answers[0]?.(describes('old'));
    await eventually(() => answers.length === 2);
    answers[1]?.(describes('fresh'));
    await eventually(() => names().includes('a__fresh'));
    expect(names()).toEqual(['a__fresh']);
  });
});
