import type { ManifestFile } from './manifest-file.ts';
import type { NamedPackage } from './parse-manifest.ts';

/** A package found in node_modules that may declare connectors. */
export interface PackageDir extends NamedPackage {
  /** Its place in node_modules. */
  readonly linkedDir: string;
  /** Where that really is, all symbolic links followed; `linkedDir` when they lead nowhere. */
  readonly realDir: string;
  /** The node_modules directory it was found in. */
  readonly origin: string;
  /** Whether a package.json of the project asks for it by name. */
  readonly direct: boolean;
  /** Its package.json as text, or why that cannot be had. */
  readonly manifest: Extract<ManifestFile, { kind: 'text' | 'unreadable' }>;
}
