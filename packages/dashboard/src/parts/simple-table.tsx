import type { ComponentChildren } from 'preact';

export interface SimpleTableProps {
  readonly name: string;
  readonly columns: readonly string[];
  readonly children: ComponentChildren;
}

/** A table that scrolls sideways by itself where the window is narrow, by keyboard too. */
export function SimpleTable({ name, columns, children }: SimpleTableProps) {
  return (
    <div class="table-scroll" role="region" aria-label={name} tabIndex={0}>
      <table class="data-table" aria-label={name}>
        <thead>
          <tr>
            {columns.map((each) => (
              <th key={each} scope="col">
                {each === '' ? <span class="hidden-text">What can be done</span> : each}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
