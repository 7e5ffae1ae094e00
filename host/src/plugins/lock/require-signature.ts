import { hashInstalled } from '../discovery/hash-manifest.ts';
import { readLock } from './connectors-lock.ts';
import { hashPackage } from './hash-package.ts';
import { readSignatureFile } from './signature-file.ts';
import type { TrustedKeys } from './signature.ts';
import { explainVerdict, verifyPackage } from './signature.ts';

/** A package that is installed. */
export interface SignedPackage {
  readonly name: string;
  readonly version: string;
  readonly packageDir: string;
}

/**
 * Says why a package does not count as signed; undefined where it does: by the operator, in the lock, or by its author, in the package
 * itself. Reads all of its files.
 */
export function signatureCheck(root: string, trusted: TrustedKeys): (found: SignedPackage) => string | undefined {
  const reading = readLock(root);
  const lock = reading.kind === 'read' ? reading.lock : {};
  return ({ name, version, packageDir }) => {
    try {
      const { integrity } = hashPackage(packageDir);
      const facts = { package: name, version, integrity, manifest: `sha256-${hashInstalled(packageDir) ?? ''}` };
      const reasons = [lock[name]?.signature, readSignatureFile(packageDir)].map((signature) =>
        explainVerdict(verifyPackage(facts, signature, trusted)),
      );
      // What says more than that there is none comes first.
      return reasons.includes(undefined) ? undefined : (reasons.find((each) => each !== 'is not signed') ?? reasons[0]);
    } catch (error) {
      return `has files that cannot be read (${error instanceof Error ? error.message : String(error)})`;
    }
  };
}
