export interface MissingHostsProps {
  readonly missing: readonly { readonly host: string; readonly why: string }[] | undefined;
}

/** Says of which hosts nothing is shown. */
export function MissingHosts({ missing = [] }: MissingHostsProps) {
  return (
    <>
      {missing.map(({ host, why }) => (
        <p key={host} class="notice" role="status">
          Nothing of the host <code>{host}</code> is shown: {why}
        </p>
      ))}
    </>
  );
}
