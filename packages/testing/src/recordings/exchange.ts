import type { JsonValue } from '@automate/sdk';

/** A body as it stands in a file; at most one of these. None: it was empty. */
export interface RecordedBody {
  readonly json?: JsonValue;
  /** `application/x-www-form-urlencoded` */
  readonly form?: ParameterMap;
  readonly text?: string;
  readonly base64?: string;
}

/** Names and values, decoded and sorted by name. */
export type ParameterMap = Readonly<Record<string, string | string[]>>;

/** What a connector asked, as far as that counts. */
export interface Question extends RecordedBody {
  readonly method: string;
  /** As it was sent, without the query. */
  readonly path: string;
  readonly query?: ParameterMap;
  /** Names in lower case. Of credentials there is only that they were there. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the real service answered. */
export interface Answer extends RecordedBody {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

export interface Exchange {
  readonly request: Question;
  readonly answer: Answer;
}

/** A file of recorded exchanges, in the order of the requests. */
export interface Recording {
  /** The day, as `2026-11-28`. */
  readonly recorded: string;
  readonly exchanges: readonly Exchange[];
}

/** Stands in files for the service's own address, of whatever host it was. */
export const SERVICE = '{service}';
