import { readFileSync } from 'node:fs';
import type { ResolveFnOutput, ResolveHookSync } from 'node:module';
import { createRequire, isBuiltin, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Snapshot } from '../runtime.ts';

/**
 * Lets this thread run a package from its snapshot: what its modules import of the package is the snapshot's, whatever lies where
 * the package is installed by then; all else is resolved from there, as it would be without a snapshot.
 */
export function resolveAsInstalled({ directory, packageDir }: Snapshot): void {
  const snapshot = `${pathToFileURL(directory).href}/`;
  const installed = `${pathToFileURL(packageDir).href}/`;
  const ownName = readName(directory);

  const isOwn = (specifier: string): boolean =>
    specifier.startsWith('#') || specifier === ownName || specifier.startsWith(`${ownName}/`);

  /** What belongs to the package, as the snapshot has it. */
  const admitted = (found: ResolveFnOutput): ResolveFnOutput => {
    const path = pathBelow(installed, found.url);
    // The data directory may lie in the package. The format goes, as a package.json may have said it that was not admitted.
    if (path === undefined || found.url.startsWith(snapshot)) return found;
    return { url: snapshot + path, importAttributes: found.importAttributes, shortCircuit: true };
  };

  const resolve: ResolveHookSync = (specifier, context, nextResolve) => {
    const { parentURL, conditions } = context;
    const importer = parentURL === undefined ? undefined : pathBelow(snapshot, parentURL);
    if (importer === undefined || /^(\/|file:)/.test(specifier)) return admitted(nextResolve(specifier, context));
    if (isRelative(specifier)) {
      if (pathBelow(snapshot, new URL(specifier, parentURL).href) !== undefined) return nextResolve(specifier, context);
    } else if (isOwn(specifier)) {
      const own = attempt(() => nextResolve(specifier, context));
      if (own !== undefined && pathBelow(snapshot, own.url) !== undefined) return own;
    }
    const parent = installed + importer;
    if (!conditions.includes('require') || isBuiltin(specifier))
      return admitted(nextResolve(specifier, { ...context, parentURL: parent }));
    // Node.js looks for what is required from the module that calls, whatever parent it is handed.
    const path = withoutFramesOf(resolve, () => createRequire(parent).resolve(specifier));
    return admitted({ url: pathToFileURL(path).href, shortCircuit: true });
  };
  registerHooks({ resolve });
}

function isRelative(specifier: string): boolean {
  return /^\.{1,2}(\/|$)/.test(specifier);
}

/** The path of a file below a directory, unless it is one of a dependency that is installed there. */
function pathBelow(directory: string, url: string): string | undefined {
  const path = url.startsWith(directory) ? url.slice(directory.length) : undefined;
  return path?.startsWith('node_modules/') === true ? undefined : path;
}

function readName(directory: string): string | undefined {
  const { name } = JSON.parse(readFileSync(`${directory}/package.json`, 'utf8')) as { readonly name?: unknown };
  return typeof name === 'string' ? name : undefined;
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined; // what is tried next says what is wrong
  }
}

/** Stacks hold few frames, of which the importing module's is the one to see. */
function withoutFramesOf<T>(hook: ResolveHookSync, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof Error) Error.captureStackTrace(error, hook);
    throw error;
  }
}
