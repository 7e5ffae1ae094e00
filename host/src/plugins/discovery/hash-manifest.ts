import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Tells the text of one package.json from any other. */
export function hashManifest(text: string): string {
  return hash('sha256', text, 'base64');
}

/** The hash of the package.json that lies in a package's directory now; undefined where none can be read. */
export function hashInstalled(packageDir: string): string | undefined {
  try {
    return hashManifest(readFileSync(join(packageDir, 'package.json'), 'utf8'));
  } catch (error) {
    // A host without descriptors knows nothing of the package.
    if (['EMFILE', 'ENFILE'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return undefined;
  }
}
