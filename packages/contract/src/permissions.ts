/** What a manifest may ask for and a configuration grant, in the words of the configuration. */
export const PERMISSIONS = ['network', 'env', 'fs.read', 'fs.write', 'child_process'] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** What is asked for, or granted. */
export interface PermissionSet {
  /** `host:port`, each of which may be `*`; `*.example.com` stands for all below it, no port for any. */
  readonly network: readonly string[];
  /** Names of environment variables. */
  readonly env: readonly string[];
  /** Absolute paths of files, and of directories with all that is in them. A manifest may ask for `*`: what its operator names. */
  readonly fs: { readonly read: readonly string[]; readonly write: readonly string[] };
  readonly childProcess: boolean;
}

export const NO_PERMISSIONS: PermissionSet = {
  network: [],
  env: [],
  fs: { read: [], write: [] },
  childProcess: false,
};

/** One thing that a kind asks for, and what of it is granted. */
export interface KindPermission {
  readonly kind: string;
  readonly permission: Permission;
  /** As the manifest has it; of `child_process` it is `true`. */
  readonly value: string;
  /** `value` where all of it is granted, what is granted of it where that is less, and nothing where nothing is. */
  readonly granted: readonly string[];
}

export const VARIABLE_PATTERN = /^[A-Za-z_][A-Za-z0-9_]*$/;

const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
const PORT = '(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])';

/** `api.example.com:443`, `*.example.com:443`, `*:5432`, `[::1]:6379`, `*`. */
export const NETWORK_PATTERN = new RegExp(
  `^(?:\\*|(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f]*:[0-9A-Fa-f:.]*\\])(?::(?:\\*|${PORT}))?$`,
);

/** An absolute path without `.`, `..` and `*`. */
export const GRANTED_PATH_PATTERN = /^\/(?:(?!\.{1,2}(?:\/|$))[^/*\u0000-\u001f]+(?:\/(?!\/)|$))*$/;
