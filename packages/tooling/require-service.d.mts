/** Something outside npm that a test needs. */
export interface Service {
  /** As people call it; appears in the names of skipped tests. */
  readonly name: string;
  /** Asked once, while the tests are collected; must answer at once, without starting anything that keeps running. */
  readonly available: () => boolean;
  /** What to do about a missing service, e.g. a command that installs it. */
  readonly remedy?: string;
}

/**
 * `describe` for tests that need `service`. Without it they are skipped by name, or, with `CI=true`, replaced by one
 * failing test that says what is missing.
 */
export function describeWith(service: Service, title: string, body: () => void): void;

/** Whether an executable file of that name is in one of the folders on PATH. */
export function isOnPath(program: string): boolean;

/** A Python interpreter that can import all of these modules, e.g. `findPython(['grpc', 'google.protobuf'])`. */
export function findPython(modules: readonly string[]): string | undefined;
