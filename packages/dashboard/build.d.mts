export function buildPage(outDir: string): Promise<boolean>;
