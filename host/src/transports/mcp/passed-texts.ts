import { randomUUID } from 'node:crypto';
import type { JsonValue } from '@automate/contract';
import type { ContentBlock } from '@modelcontextprotocol/server';

/**
 * Texts of JSON that become part of an answer as they are. What the library writes holds a mark in the place of each, so that nothing large is read and
 * written again, where all callers wait.
 */
export class PassedTexts {
  readonly turn: () => Promise<void>;
  readonly #texts = new Map<string, string>();

  /** @param turn waits until others had their turn: each large text takes some milliseconds */
  constructor(turn: () => Promise<void>) {
    this.turn = turn;
  }

  /** Stands for the value that a text is. It is an object where that is one. */
  asValue(text: string): JsonValue {
    const mark = randomUUID();
    const value = text.startsWith('{') ? { [mark]: 0 } : mark;
    this.#texts.set(JSON.stringify(value), text);
    return value;
  }

  /** Stands for the text as a text. */
  asText(text: string): string {
    const mark = randomUUID();
    this.#texts.set(JSON.stringify(mark), JSON.stringify(text));
    return mark;
  }

  /** Stands for the blocks of a result. */
  asBlocks(blocks: readonly ContentBlock[]): ContentBlock[] {
    const standing: ContentBlock[] = [{ type: 'text', text: randomUUID() }];
    this.#texts.set(JSON.stringify(standing), JSON.stringify(blocks));
    return standing;
  }

  get isEmpty(): boolean {
    return this.#texts.size === 0;
  }

  /** What was written, with each text in its place. */
  fill(written: Uint8Array): readonly Uint8Array[] {
    const bytes = Buffer.from(written.buffer, written.byteOffset, written.byteLength);
    const found = [...this.#texts]
      .map(([mark, text]) => ({ mark, text, at: bytes.indexOf(mark) }))
      .filter(({ at }) => at !== -1)
      .toSorted((a, b) => a.at - b.at);
    let from = 0;
    const parts = found.flatMap(({ mark, text, at }) => {
      const before = bytes.subarray(from, at);
      from = at + mark.length;
      this.#texts.delete(mark);
      return [before, Buffer.from(text)];
    });
    return [...parts, bytes.subarray(from)];
  }
}
