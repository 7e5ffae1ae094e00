import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface PageTitleProps {
  readonly title: string;
  /** Beside the title: what can be done here. */
  readonly children?: ComponentChildren;
  /** Under the title, in a line. */
  readonly about?: ComponentChildren;
}

const OF_THIS_PAGE = ' · Automate Connectors';

/**
 * Names the browser's tab after the view, and puts the focus on the view's heading, so that a screen reader says where one has come to:
 * what had the focus before may be gone. The first view leaves it where the browser has it.
 */
export function useViewHeading(title: string): RefObject<HTMLHeadingElement> {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const isFirst = !document.title.endsWith(OF_THIS_PAGE);
    document.title = title + OF_THIS_PAGE;
    if (!isFirst) heading.current?.focus({ preventScroll: true });
  }, [title]);
  return heading;
}

/** The head of a view. */
export function PageTitle({ title, children, about }: PageTitleProps) {
  const heading = useViewHeading(title);
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
