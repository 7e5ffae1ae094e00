import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

export interface VisibleRows {
  readonly first: number;
  /** After the last. */
  readonly end: number;
}

/** Rows drawn beyond each edge of the window, so that none is missing while it scrolls. */
const SPARE = 12;

/**
 * Which rows of a long table the window shows, all rows being equally high: only these are drawn.
 *
 * @param top the element whose upper edge is that of the first row
 */
export function useVisibleRows(top: RefObject<HTMLElement>, count: number, rowHeight: number): VisibleRows {
  const [rows, setRows] = useState<VisibleRows>({ first: 0, end: 60 });
  useLayoutEffect(() => {
    const look = (): void => {
      const above = -(top.current?.getBoundingClientRect().top ?? 0);
      const first = Math.max(0, Math.floor(above / rowHeight) - SPARE);
      const end = Math.ceil((above + window.innerHeight) / rowHeight) + SPARE;
      setRows((before) => (before.first === first && before.end === end ? before : { first, end }));
    };
    look();
    window.addEventListener('scroll', look, { passive: true });
    window.addEventListener('resize', look);
    return () => {
      window.removeEventListener('scroll', look);
      window.removeEventListener('resize', look);
    };
  }, [count, rowHeight]);
  return { first: Math.min(rows.first, Math.max(0, count - 1)), end: Math.min(count, Math.max(rows.end, rows.first)) };
}
