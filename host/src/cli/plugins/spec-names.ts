/** A folder, or a tarball on this machine. */
export function isPath(spec: string): boolean {
  return /^(file:|\.{1,2}(\/|$)|\/)/.test(spec) || /^[^:]*\.(tgz|tar\.gz|tar)$/.test(spec);
}

/** `@acme/x@^1.0.0` → `@acme/x`; undefined for tarballs, folders and addresses. */
export function nameIn(spec: string): string | undefined {
  if (isPath(spec)) return undefined;
  return /^((?:@[^/@\s]+\/)?[^/@:.\s][^/@:\s]*)(?:@.*)?$/.exec(spec)?.[1];
}
