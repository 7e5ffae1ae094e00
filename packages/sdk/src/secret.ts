const BRAND = Symbol.for('automate.secret');
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** A secret value that does not show itself by accident: printing, logging and encoding it all give `[secret]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    Object.defineProperty(this, BRAND, { value: true });
    // On the instance, so that the class's published type stays free of a symbol that only `console.log` cares about.
    Object.defineProperty(this, INSPECT, { value: () => '[secret]' });
  }

  /** The value itself. Use it at the last moment, and keep no copy. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  /** True for secrets of any copy of the SDK. */
  static is(value: unknown): value is Secret {
    return typeof value === 'object' && value !== null && Object.hasOwn(value, BRAND);
  }
}
