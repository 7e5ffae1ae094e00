import type { ComponentChildren } from 'preact';
import { Link } from 'wouter-preact';

export interface Tab {
  readonly key: string;
  readonly name: string;
}

export interface TabsProps {
  readonly label: string;
  /** Address of the first tab; the others' have their keys after it. */
  readonly base: string;
  readonly tabs: readonly Tab[];
  readonly current: string;
}

/** Tabs with addresses of their own. Arrow keys move between them, as they do in any row of tabs. */
export function Tabs({ label, base, tabs, current }: TabsProps) {
  const move = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[role=tab]')];
    const at = all.findIndex((each) => each === document.activeElement);
    const next = all[(at + step + all.length) % all.length];
    next?.focus();
    next?.click();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {tabs.map(({ key, name }, index) => (
        <Link
          key={key}
          href={index === 0 ? base : `${base}/${key}`}
          id={`tab-${key}`}
          role="tab"
          aria-selected={key === current}
          aria-controls={key === current ? 'tab-panel' : undefined}
          tabIndex={key === current ? 0 : -1}
        >
          {name}
        </Link>
      ))}
    </div>
  );
}

export function TabPanel({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${name}`}>
      {children}
    </div>
  );
}
