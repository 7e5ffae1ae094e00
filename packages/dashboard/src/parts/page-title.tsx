import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface PageTitleProps {
  readonly title: string;
  /** Beside the title: what can be done here. */
  readonly children?: ComponentChildren;
  /** Under the title, in a line. */
  readonly about?: ComponentChildren;
}

/** The head of a view. Names the browser's tab, and takes the focus, so that a screen reader says where one has come to. */
export function PageTitle({ title, children, about }: PageTitleProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Automate Connectors`;
    const { activeElement } = document;
    if (activeElement !== null && activeElement !== document.body) heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <div class="page-title">
      <div>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {about === undefined ? null : <p class="about">{about}</p>}
      </div>
      {children === undefined ? null : <div class="page-actions">{children}</div>}
    </div>
  );
}
