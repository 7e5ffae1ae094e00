import { setTimeout as delay } from 'node:timers/promises';
import type { CallOptions, ConnectorEvent, ConnectorInfo, ConnectorService } from '@automate/contract';
import { ConnectorError } from '@automate/contract';
import type { Tool } from '@modelcontextprotocol/server';
import type { DescribedTool } from './describe-tool.ts';
import { describeTools } from './describe-tool.ts';
import type { Exposure } from '../../events/host-events.ts';
import { exposesAction } from './exposure.ts';
import { nameTools } from './tool-names.ts';

/** A tool under its name. */
export interface ListedTool extends Omit<DescribedTool, 'tool'> {
  readonly tool: Tool;
  /** In which generation of the list its schema last became another one; 0 for one that was never another. */
  readonly changed: number;
}

export interface ToolCatalogOptions {
  readonly service: Pick<ConnectorService, 'describe' | 'watch'>;
  /** As whom it asks: it has to see all that any caller may. */
  readonly options: CallOptions;
  readonly exposure: Exposure;
  /** Hears of what could not be learned, and is tried again. */
  tellTrouble(error: ConnectorError): void;
}

/** What became of a list: the tools, before or now, that are others than before, and whether there are other connectors. */
export interface CatalogChange {
  readonly tools: readonly Pick<ListedTool, 'connector' | 'action'>[];
  readonly connectors: boolean;
}

interface Known {
  info: ConnectorInfo;
  tools: readonly DescribedTool[];
  /** `again`: what it is being asked may be another thing by now. */
  asked: 'no' | 'once' | 'again';
  /** Whether it could say what it does the last time. */
  described: boolean;
  /** How often in a row it could not. */
  failures: number;
}

/** How long changes are gathered before the list is made anew, in milliseconds. */
const GATHER_MS = 20;
/** How long a first list may take to be whole, in milliseconds: what a hanging connector can do comes later, as a change. */
const FIRST_LIST_MS = 5_000;
/** How many connectors are asked at a time. */
const AT_A_TIME = 16;
/** How long after it failed something is asked again, in milliseconds; longer each time, up to the other. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
/** Tools that are gone and whose schemas are remembered, so that they cannot come back unseen as others. */
const MAX_GONE = 10_000;

/**
 * What every action of every enabled connector is as a tool, kept as things are now. It follows the service from its first use on, and
 * is shared by all callers: who may see what of it is for others to say.
 */
export class ToolCatalog {
  readonly #options: ToolCatalogOptions;
  readonly #known = new Map<string, Known>();
  readonly #listeners = new Set<(change: CatalogChange) => void>();
  readonly #ended = new AbortController();
  readonly #waiting: Known[] = [];
  readonly #gone = new Map<string, Pick<ListedTool, 'revision' | 'changed'>>();
  #exposure: Exposure;
  #asking = 0;
  #generation = 0;
  #tools: ReadonlyMap<string, ListedTool> = new Map();
  #gathering: NodeJS.Timeout | undefined;
  #first: Promise<void> | undefined;
  #isComplete: () => void = () => undefined;
  #synced = false;
  #connectorsChanged = false;

  constructor(options: ToolCatalogOptions) {
    this.#options = options;
    this.#exposure = options.exposure;
  }

  /** Resolves when the list is whole, or has been waited for long enough. */
  ready(): Promise<void> {
    if (this.#first === undefined) {
      const whole = new Promise<void>((resolve) => (this.#isComplete = resolve));
      const enough = delay(FIRST_LIST_MS, undefined, { ref: false, signal: this.#ended.signal }).catch(() => undefined);
      this.#first = Promise.race([whole, enough]);
      void this.#follow();
    }
    return this.#first;
  }

  /** Grows with each change of the list. */
  get generation(): number {
    return this.#generation;
  }

  get exposure(): Exposure {
    return this.#exposure;
  }

  /** In order of their names. */
  tools(): Iterable<ListedTool> {
    return this.#tools.values();
  }

  find(name: string): ListedTool | undefined {
    return this.#tools.get(name);
  }

  /** From now on agents see this. */
  setExposure(exposure: Exposure): void {
    this.#exposure = exposure;
    this.#connectorsChanged = true;
    this.#gather();
  }

  /** Gives what ends that. */
  onChange(listener: (change: CatalogChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#ended.abort();
    clearTimeout(this.#gathering);
    this.#listeners.clear();
    this.#isComplete();
  }

  async #follow(): Promise<void> {
    const { service, options } = this.#options;
    const { signal } = this.#ended;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const seen = new Set<string>();
        for await (const event of service.watch({ ...options, signal })) {
          failures = 0;
          this.#take(event, seen);
        }
        // It ends without an error as the service closes.
        return;
      } catch (reason) {
        if (signal.aborted) return;
        this.#options.tellTrouble(ConnectorError.from(reason));
        await this.#pause(failures);
      }
    }
  }

  /** @param seen the connectors that this watch has told of before it was in step */
  #take(event: ConnectorEvent, seen: Set<string>): void {
    if (event.kind === 'synced') {
      // What is not there any more went while nobody watched.
      for (const id of this.#known.keys()) if (!seen.has(id)) this.#forget(id);
      this.#synced = true;
      this.#gather();
      return;
    }
    if (event.kind === 'removed') {
      this.#forget(event.id);
      return;
    }
    if (event.kind === 'webhook') return;
    const { connector: info, kind } = event;
    seen.add(info.id);
    const known = this.#known.get(info.id);
    if (known === undefined) this.#connectorsChanged = true;
    if (known !== undefined && kind === 'status') {
      known.info = info;
      // It may have become one that can say what it does.
      if (!known.described) this.#ask(known);
      return;
    }
    const now = known ?? { info, tools: [], asked: 'no', described: false, failures: 0 };
    now.info = info;
    this.#known.set(info.id, now);
    this.#ask(now);
  }

  #forget(id: string): void {
    if (!this.#known.delete(id)) return;
    this.#connectorsChanged = true;
    this.#gather();
  }

  /** Has a connector asked what it can do, again if it is being asked already. */
  #ask(known: Known): void {
    if (known.asked === 'no') this.#waiting.push(known);
    known.asked = known.asked === 'no' ? 'once' : 'again';
    this.#work();
  }

  #work(): void {
    while (this.#asking < AT_A_TIME && !this.#ended.signal.aborted) {
      const known = this.#waiting.shift();
      if (known === undefined) return;
      this.#asking += 1;
      void this.#learn(known).finally(() => {
        this.#asking -= 1;
        const { asked } = known;
        known.asked = 'no';
        if (asked === 'again' && this.#isKnown(known)) this.#ask(known);
        this.#gather();
        this.#work();
      });
    }
  }

  #isKnown(known: Known): boolean {
    return this.#known.get(known.info.id) === known;
  }

  async #learn(known: Known): Promise<void> {
    known.asked = 'once';
    const { info } = known;
    const { service, options } = this.#options;
    const { signal } = this.#ended;
    try {
      known.tools = info.enabled ? describeTools(info, await service.describe(info.id, { ...options, signal })) : [];
      known.described = true;
      known.failures = 0;
    } catch (reason) {
      if (signal.aborted) return;
      const error = ConnectorError.from(reason);
      known.described = false;
      // Of one without its kind nothing can be called; another that cannot be asked now may still do what it did.
      if (error.details?.['reason'] === 'kind_missing') {
        known.tools = [];
        return;
      }
      this.#options.tellTrouble(error);
      void this.#pause(known.failures++).then(() => {
        if (this.#isKnown(known) && !known.described) this.#ask(known);
      });
    }
  }

  async #pause(failures: number): Promise<void> {
    const ms = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** Math.min(failures, 10));
    await delay(ms, undefined, { ref: false, signal: this.#ended.signal }).catch(() => undefined);
  }

  #gather(): void {
    if (this.#ended.signal.aborted) return;
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      this.#list();
    }, GATHER_MS).unref();
  }

  /** Makes the list anew, and tells what became of it. */
  #list(): void {
    const before = this.#tools;
    const described = [...this.#known.values()]
      .flatMap(({ tools }) => tools)
      .filter((tool) => exposesAction(this.#exposure, tool));
    const names = nameTools(described.map(({ connector, action = 'execute' }) => ({ connector, action })));
    const generation = this.#generation + 1;
    const listed = described
      .map(({ tool, ...rest }, index) =>
        this.#toListed({ ...rest, tool: { ...tool, name: names[index] ?? '' } }, generation),
      )
      .toSorted((a, b) => (a.tool.name < b.tool.name ? -1 : 1));
    const now = new Map(listed.map((each) => [each.tool.name, each]));
    const tools = [
      ...[...now].filter(([name, tool]) => !isSame(before.get(name), tool)).map(([, tool]) => tool),
      ...[...before].filter(([name]) => !now.has(name)).map(([, tool]) => tool),
    ];
    for (const [name, { revision, changed }] of before) if (!now.has(name)) this.#remember(name, { revision, changed });
    for (const name of now.keys()) this.#gone.delete(name);
    const connectors = this.#connectorsChanged;
    this.#connectorsChanged = false;
    if (tools.length > 0) {
      this.#generation = generation;
      this.#tools = now;
    }
    if (this.#synced && this.#asking === 0 && this.#waiting.length === 0) this.#isComplete();
    if (tools.length > 0 || connectors) for (const listener of this.#listeners) listener({ tools, connectors });
  }

  #toListed(tool: Omit<ListedTool, 'changed'>, generation: number): ListedTool {
    const { name } = tool.tool;
    const last = this.#tools.get(name) ?? this.#gone.get(name);
    return { ...tool, changed: last === undefined ? 0 : last.revision === tool.revision ? last.changed : generation };
  }

  #remember(name: string, tool: Pick<ListedTool, 'revision' | 'changed'>): void {
    this.#gone.set(name, tool);
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > MAX_GONE && oldest !== undefined) this.#gone.delete(oldest);
  }
}

function isSame(before: ListedTool | undefined, now: ListedTool): boolean {
  return before !== undefined && before.revision === now.revision && before.tool.description === now.tool.description;
}
