/** A folder, or a tarball on this machine. */
export function isPath(spec: string): boolean {
  return /^(file:|\.{1,2}(\/|$)|\/)/.test(spec) || /^[^:]*\.(tgz|tar\.gz|tar)$/.test(spec);
}

/** `@acme/x@^1.0.0` → `@acme/x`; undefined for tarballs, folders and addresses. */
export function nameIn(spec: string): string | undefined {
  if (isPath(spec)) return undefined;
  return /^((?:@[^/@\s]+\/)?[^/@:.\s][^/@:\s]*)(?:@.*)?$/.exec(spec)?.[1];
}

/** Of what package.json asks for as an alias: the package that the alias stands for. */
const ALIAS = /^npm:((?:@[^/]+\/)?[^@]+)/;
/** What comes from elsewhere than a registry: folders, tarballs, repositories, addresses. */
const ELSEWHERE =
  /^(file|link|portal|workspace|patch|git|github|gitlab|bitbucket|gist|https?|ssh)[:+]|^[./~]|^[^@/]+\/[^/]|\.(tgz|tar\.gz|tar)$/;

/**
 * What the registry calls a package that is installed under a name; undefined where it does not come from one, and may have nothing
 * to do with what the registry has under that name.
 *
 * @param asked what package.json asks for
 */
export function registeredName(name: string, asked: string): string | undefined {
  const alias = ALIAS.exec(asked)?.[1];
  if (alias !== undefined) return alias;
  return ELSEWHERE.test(asked) ? undefined : name;
}
