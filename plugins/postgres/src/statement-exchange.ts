import type { Column, Page, RowPage, Statement, StatementResult } from '@automate/sql';
import { createRowPage, neverRun, wrongCount, wrongInput } from '@automate/sql';
import type { Connection, Submittable } from 'pg';
import type { Types } from './types.ts';
import { categoryOf } from './types.ts';
import { decodeValue, encodeParameter } from './values.ts';

/** Types of which nothing is known yet: the statement was not run. */
export interface UnknownTypes {
  readonly unknown: readonly number[];
}

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

/** Rows that are asked for at once while a page is filled. */
const BATCH = 500;

/** The driver's connection, as far as its published types leave it out. */
interface Wire {
  parse(message: { text: string }): void;
  describe(message: { type: 'S' }): void;
  bind(message: { values: (string | Buffer | null)[] }): void;
  execute(message: { rows?: number }): void;
  flush(): void;
  sync(): void;
  sendCopyFail(reason: string): void;
  on(event: string, listener: (message: never) => void): void;
  off(event: string, listener: (message: never) => void): void;
}

/**
 * One statement over the extended protocol: parsed and described first, so that its parameters are written as the types
 * that the server wants, and then run, all before one Sync. A pooler between us keeps such an exchange on one server.
 */
export class StatementExchange implements Submittable {
  readonly #settle = Promise.withResolvers<StatementResult | UnknownTypes>();
  readonly done: Promise<StatementResult | UnknownTypes> = this.#settle.promise;
  readonly #statement: Statement;
  readonly #page: Page;
  readonly #types: Types;
  #wire: Wire | undefined;
  #parameters: readonly number[] = [];
  #fields: readonly Field[] = [];
  #givesRows = false;
  #rows: RowPage | undefined;
  #failure: unknown;
  #unknown: readonly number[] = [];
  #isRun = false;
  #isSynced = false;
  #command = '';

  constructor(statement: Statement, page: Page, types: Types) {
    this.#statement = statement;
    this.#page = page;
    this.#types = types;
  }

  submit(connection: Connection): void {
    const wire = connection as unknown as Wire;
    this.#wire = wire;
    for (const [event, listener] of this.#listeners) wire.on(event, listener);
    wire.parse({ text: this.#statement.sql });
    wire.describe({ type: 'S' });
    wire.flush();
  }

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    this.#fields = fields;
    this.#givesRows = true;
    this.#onDescribed();
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (this.#failure !== undefined) return;
    try {
      this.#rows?.add(() =>
        fields.map((text, index) => decodeValue(text, this.#fields[index]?.dataTypeID ?? 0, this.#types)),
      );
    } catch (error) {
      this.#failure = error;
    }
  }

  handlePortalSuspended(): void {
    // Only what is read is read in parts.
    if (this.#rows?.isFull === true || this.#failure !== undefined) this.#sync();
    else this.#fetch();
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#command = text;
    this.#sync();
  }

  handleEmptyQuery(): void {
    this.#sync();
  }

  handleCopyInResponse(): void {
    this.#wire?.sendCopyFail('there is no data to copy');
    this.#sync();
  }

  handleCopyData(): void {}

  /** From the server, after which it waits for Sync; or from the driver, whose connection broke. */
  handleError(error: object): void {
    this.#sync();
    this.#stopListening();
    this.#settle.reject(this.#failure ?? (this.#isRun ? error : neverRun(error)));
  }

  handleReadyForQuery(): void {
    this.#stopListening();
    if (this.#failure !== undefined) this.#settle.reject(this.#failure);
    else if (this.#unknown.length > 0) this.#settle.resolve({ unknown: this.#unknown });
    else this.#settle.resolve(this.#result());
  }

  readonly #onParameters = ({ dataTypeIDs }: { readonly dataTypeIDs: readonly number[] }): void => {
    this.#parameters = dataTypeIDs;
  };

  readonly #onCopyOut = (): void => {
    const expected = 'no COPY to the client, which has no place for the data';
    this.#failure = wrongInput({ path: 'sql', expected, reason: 'statement' });
  };

  readonly #onDescribed = (): void => {
    const types = [...this.#parameters, ...this.#fields.map(({ dataTypeID }) => dataTypeID)];
    this.#unknown = types.filter((type) => !this.#types.has(type));
    if (this.#unknown.length > 0) {
      this.#sync();
      return;
    }
    try {
      const values = this.#values();
      this.#rows = createRowPage(this.#fields.map(this.#toColumn), this.#page);
      this.#wire?.bind({ values });
      this.#fetch();
    } catch (error) {
      this.#failure = error;
      this.#sync();
    }
  };

  /** What the driver hands to nobody. */
  readonly #listeners = [
    ['parameterDescription', this.#onParameters],
    ['noData', this.#onDescribed],
    ['copyOutResponse', this.#onCopyOut],
  ] as const;

  #values(): (string | Buffer | null)[] {
    const { params } = this.#statement;
    const expected = this.#parameters.length;
    if (params.length !== expected) throw wrongCount(expected, params.length);
    return this.#parameters.map((oid, index) =>
      encodeParameter(params[index] ?? null, `params[${index}]`, this.#types.get(oid) ?? { name: '' }, this.#types),
    );
  }

  readonly #toColumn = ({ name, dataTypeID }: Field): Column => {
    const type = this.#types.get(dataTypeID) ?? { name: `oid ${dataTypeID}` };
    return { name, type: type.name, category: categoryOf(type) };
  };

  /** A statement that may change something runs to its end at once; of one that reads no more is computed than wanted. */
  #fetch(): void {
    this.#isRun = true;
    if (this.#page.tooLarge === 'cut') {
      this.#wire?.execute({});
      this.#sync();
      return;
    }
    this.#wire?.execute({ rows: BATCH });
    this.#wire?.flush();
  }

  #sync(): void {
    if (this.#isSynced) return;
    this.#isSynced = true;
    this.#wire?.sync();
  }

  #stopListening(): void {
    for (const [event, listener] of this.#listeners) this.#wire?.off(event, listener);
  }

  #result(): StatementResult {
    // `INSERT 0 3`, `UPDATE 3`, `CREATE TABLE`
    const words = this.#command.split(' ');
    const command = words[0] ?? '';
    // SELECT counts the rows that it gave, and changes none, unless they became a table.
    const affected = command === 'SELECT' && this.#givesRows ? 0 : Number(/^\d+$/.exec(words.at(-1) ?? '')?.[0] ?? 0);
    const rows = this.#rows?.result() ?? { columns: [], rows: [], row_count: 0, truncated: false };
    return { command, rows_affected: affected, ...rows };
  }
}
