import type { ComponentChildren } from 'preact';

/** A fact that there is; one that there is not takes no room. */
export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return children === undefined || children === '' ? null : (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
