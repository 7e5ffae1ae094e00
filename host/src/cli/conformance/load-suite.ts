import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ConnectorDescription, Permission } from '@automate/contract';
import { CliExit, EXIT } from '../cli-context.ts';

/** What came of one check, as the suite tells it. */
export interface CheckResult {
  readonly name: string;
  readonly title: string;
  readonly status: 'passed' | 'failed' | 'not_tried' | 'not_concerned';
  readonly message?: string;
  readonly tookMs: number;
}

export interface SuiteReport {
  readonly package: string;
  readonly version: string;
  readonly kinds: readonly { readonly kind: string; readonly checks: readonly CheckResult[] }[];
  readonly total: number;
  readonly passed: number;
}

/** What a kind asks of the machine, each list of it. */
export interface AskedPermissions {
  readonly network: readonly string[];
  readonly env: readonly string[];
  readonly fs: { readonly read: readonly string[]; readonly write: readonly string[] };
  readonly childProcess: boolean;
}

/** What of all that a kind asks for or used is which. */
export interface JudgedPermission {
  readonly permission: Permission;
  readonly value: string;
  readonly state: 'used' | 'unused' | 'missing' | 'by_library';
}

/** What is used of `@automate/testing/conformance`, which is an author's development dependency and none of the host's. */
export interface Suite {
  runConformance(
    directory: string,
    options: { readonly only?: readonly string[]; readonly createHost: unknown },
  ): Promise<SuiteReport>;
  /** The smallest permissions with which a package's kinds and tests do what they do. */
  learnPermissions(
    directory: string,
    options: {
      readonly tests?: readonly string[];
      readonly env: Readonly<Record<string, string | undefined>>;
      readonly signal: AbortSignal;
    },
  ): Promise<{
    readonly kinds: readonly {
      readonly kind: string;
      readonly permissions: AskedPermissions;
      readonly judged: readonly JudgedPermission[];
    }[];
    readonly tests?: { readonly passed: boolean; readonly output: string };
  }>;
  /** What each kind of a package says of itself. */
  describeKinds(directory: string): Promise<readonly ConnectorDescription[]>;
}

/** Computed, so that the host is published without it. */
const SUITE = ['@automate', 'testing', 'conformance'].join('/');

/** Loads the suite that is installed for the package, for the project, or beside the host. */
export async function loadSuite(places: readonly string[]): Promise<Suite> {
  for (const place of places) {
    let file: string;
    try {
      file = createRequire(join(place, 'package.json')).resolve(SUITE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') continue;
      throw error;
    }
    return (await import(pathToFileURL(file).href)) as Suite;
  }
  throw new CliExit(
    EXIT.failed,
    `the rules are in @automate/testing, which is not installed (looked from ${places.join(', ')}): npm install --save-dev @automate/testing`,
  );
}
