export type Labels = Readonly<Record<string, string>>;

/** One value of a counter or a gauge. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** One call among those that a bucket counts, and its trace. */
export interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** One distribution. */
export interface Distribution {
  readonly labels: Labels;
  readonly count: number;
  readonly sum: number;
  /** How many fell at or below each bound, and above the one before; one more than there are bounds. */
  readonly buckets: readonly number[];
  /** The latest of each bucket, as far as there are any. */
  readonly exemplars?: readonly (Exemplar | undefined)[];
}

/** Everything that goes under one name in the exposition. */
export type MetricFamily =
  | {
      readonly kind: 'counter' | 'gauge';
      readonly name: string;
      readonly help: string;
      readonly samples: readonly Sample[];
    }
  | {
      readonly kind: 'histogram';
      readonly name: string;
      readonly help: string;
      readonly bounds: readonly number[];
      readonly distributions: readonly Distribution[];
    };
