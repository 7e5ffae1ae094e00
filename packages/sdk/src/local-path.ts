/**
 * What a text names on the host's machine. A `program` is started by the connector: it may be named in the configuration file
 * alone, and only where its package was granted `childProcess`. A `uri` may hold the path of a Unix socket, as host, parameter or `unix:` address.
 */
export type LocalPathKind = 'file' | 'directory' | 'socket' | 'uri' | 'program';

/** The keywords that say in a JSON Schema that a text is a path. */
export type LocalPathMark = {
  readonly 'x-local-path': LocalPathKind;
  /** The setting beside it that names the directory in which the path begins and must stay. */
  readonly 'x-within'?: string;
  /** The parameters of a `uri` whose values are paths of sockets, however they begin. */
  readonly 'x-sockets'?: readonly string[];
};

/**
 * Marks a setting that names something on the host's machine: `z.string().meta(localPath('directory'))`. Whoever registers
 * a connector over the API may then name only what the operator granted in `files.roots`, and nobody the host's own files;
 * the adapter is given the real path, links resolved.
 *
 * @param options.within name of the setting beside it that holds the path's directory. The adapter joins the two with
 *   `context.files.locate` whenever it opens the path.
 * @param options.sockets names of the parameters of a `uri` whose values are paths of sockets. Values of the others are
 *   taken for paths where they begin with `/`.
 */
export function localPath(
  names: LocalPathKind,
  { within, sockets }: { readonly within?: string; readonly sockets?: readonly string[] } = {},
): LocalPathMark {
  return {
    'x-local-path': names,
    ...(within === undefined ? {} : { 'x-within': within }),
    ...(sockets === undefined ? {} : { 'x-sockets': sockets }),
  };
}

/** The files of the host's machine, as far as this connector may use them. */
export interface LocalFiles {
  /**
   * The path to open for one that a setting or a payload names: the real one, links resolved, wherever others choose it.
   * A path that does not exist yet is located by its nearest parent that does.
   *
   * @param options.field what names the path, for messages and to know who wrote it: `settings.socket`
   * @param options.within directories that the path must lie in, such as those that a setting names: for paths of
   *   payloads. Absent: what the operator granted. Pass them as the settings have them: where a registration named them
   *   they are real paths already, and a link that has taken the place of one since is not followed.
   * @throws ConfigInvalidError (`details.reason` `path_not_granted`); with `within` ForbiddenError. Neither tells whether
   *   the path exists.
   */
  locate(path: string, options: { readonly field: string; readonly within?: readonly string[] }): string;
}
