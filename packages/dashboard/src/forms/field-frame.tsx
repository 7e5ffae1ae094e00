import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { PlannedField } from './plan-field.ts';
import type { Problems } from './problems-at.ts';
import { describeProblem, problemsAt } from './problems-at.ts';

export interface Described {
  /** The field's path: problems that the page itself finds are found by it. */
  readonly name: string;
  readonly 'aria-describedby'?: string;
  readonly 'aria-invalid'?: 'true';
}

export interface FieldFrameProps {
  readonly field: Pick<PlannedField, 'key' | 'title' | 'description' | 'required'>;
  readonly path: string;
  readonly problems: Problems;
  /** Makes the control, by its id and what describes it. */
  children(id: string, described: Described): ComponentChildren;
}

/** A field that must be given, where no schema describes it. */
export function requiredField(title: string): FieldFrameProps['field'] {
  return { key: title, title, description: '', required: true };
}

/** What surrounds a control: its name, what it is for, and what is wrong with it. */
export function FieldFrame({ field, path, problems, children }: FieldFrameProps) {
  const id = useId();
  const own = problemsAt(problems, path);
  const parts = [field.description === '' ? '' : `${id}-hint`, own.length === 0 ? '' : `${id}-problem`];
  const describedBy = parts.filter((part) => part !== '').join(' ');
  return (
    <div class="field">
      <label class={field.required ? 'field-name is-required' : 'field-name'} for={id}>
        {field.title}
        {field.title === field.key ? null : <code class="key"> {field.key}</code>}
      </label>
      {children(id, {
        name: path,
        ...(describedBy === '' ? {} : { 'aria-describedby': describedBy }),
        ...(own.length === 0 ? {} : { 'aria-invalid': 'true' as const }),
      })}
      {field.description === '' ? null : (
        <p class="hint" id={`${id}-hint`}>
          {field.description}
        </p>
      )}
      {own.length === 0 ? null : (
        <p class="field-problem" id={`${id}-problem`}>
          {own.map((each) => describeProblem(each, path)).join('; ')}
        </p>
      )}
    </div>
  );
}
