import type { ProblemDocument } from '@automate/contract/http';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { findGaps } from './find-gaps.ts';
import type { Problems } from './problems-at.ts';

export interface CheckedFormProps {
  readonly label: string;
  readonly class?: string;
  /** How the service refused what was sent last. */
  readonly problem?: ProblemDocument | undefined;
  /** Makes the fields, which show `problems`. `check` is for buttons that do something else than to submit. */
  children(problems: Problems, check: () => boolean): ComponentChildren;
  /** Called when nothing is missing. */
  onSubmit(form: HTMLFormElement): void;
}

/**
 * A form that says at its fields what is missing, as it says what the service refuses: in text that stays, read by screen readers. What
 * is wrong first gets the focus. Browsers would show one bubble, which is gone with the next key.
 */
export function CheckedForm({ label, class: style = 'panel', problem, children, onSubmit }: CheckedFormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [gaps, setGaps] = useState<Problems>([]);
  const [attempts, setAttempts] = useState(0);
  const check = (): boolean => {
    const found = findGaps(form.current);
    setGaps(found);
    setAttempts(attempts + 1);
    return found.length === 0;
  };
  useEffect(() => showFirstInvalid(form.current), [attempts, problem]);
  return (
    <form
      ref={form}
      class={style}
      aria-label={label}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (check()) onSubmit(event.currentTarget);
      }}
      onInput={() => {
        if (gaps.length > 0) setGaps(findGaps(form.current));
      }}
    >
      {children(gaps.length > 0 ? gaps : (problem?.problems ?? []), check)}
      {gaps.length === 0 ? null : <GapSummary key={attempts} gaps={gaps} />}
    </form>
  );
}

/** Read out as it appears, once for each attempt. */
function GapSummary({ gaps }: { readonly gaps: Problems }) {
  return (
    <section class="problem" role="alert" aria-label="Not sent">
      <p class="problem-title">
        Nothing was sent: {gaps.length === 1 ? 'a field wants' : `${gaps.length} fields want`} attention
      </p>
      <ul class="problem-list">
        {gaps.map(({ path, message }) => (
          <li key={path}>
            <code>{path}</code>: {message}
          </li>
        ))}
      </ul>
    </section>
  );
}

function showFirstInvalid(form: HTMLFormElement | null): void {
  const invalid = [...(form?.querySelectorAll<HTMLElement>('[aria-invalid="true"]') ?? [])];
  for (const field of invalid) {
    const folded = field.closest('details');
    if (folded !== null) folded.open = true;
  }
  invalid[0]?.focus();
}
