/** Methods that change nothing, so that following a redirect or trying again is harmless. */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
