import { useId } from 'preact/hooks';
import type { Json, JsonMap } from '../api/types.ts';
import { FieldFrame } from './field-frame.tsx';
import type { PlannedField } from './plan-field.ts';
import type { Problems } from './problems-at.ts';
import { describeProblem } from './problems-at.ts';
import { JsonField, LinesField, NumberField, TextField } from './value-fields.tsx';

export interface SchemaFormProps {
  readonly fields: readonly PlannedField[];
  readonly value: JsonMap;
  /** Where this object stands in the whole: `settings`; empty for the whole itself. Problems are found by it. */
  readonly path: string;
  readonly problems: Problems;
  readonly disabled?: boolean | undefined;
  /** Whether the object may be left out whole: what it requires is required once something of it is given. */
  readonly optional?: boolean;
  onChange(value: JsonMap): void;
}

/** An object, asked for field by field. What is left empty is left out. */
export function SchemaForm({ fields, value, path, problems, disabled, optional = false, onChange }: SchemaFormProps) {
  const isLeftOut = optional && Object.keys(value).length === 0;
  return (
    <div class="fields">
      {fields.map((field) => (
        <Field
          key={field.key}
          field={isLeftOut ? { ...field, required: false } : field}
          value={value[field.key]}
          path={path === '' ? field.key : `${path}.${field.key}`}
          problems={problems}
          disabled={disabled}
          onChange={(next) => onChange(withKey(value, field.key, next))}
        />
      ))}
    </div>
  );
}

interface FieldProps {
  readonly field: PlannedField;
  readonly value: Json | undefined;
  readonly path: string;
  readonly problems: Problems;
  readonly disabled: boolean | undefined;
  onChange(value: Json | undefined): void;
}

function Field({ field, value, path, problems, disabled, onChange }: FieldProps) {
  const { plan, required, fallback } = field;
  const id = useId();
  if (plan.kind === 'group') {
    const own = problems.filter((each) => each.path === path);
    return (
      <fieldset class="group" aria-describedby={own.length === 0 ? undefined : id}>
        <legend>
          {field.title}
          {field.title === field.key ? null : <code class="key"> {field.key}</code>}
        </legend>
        {field.description === '' ? null : <p class="hint">{field.description}</p>}
        {own.length === 0 ? null : (
          <p class="field-problem" id={id}>
            {own.map((each) => describeProblem(each, path)).join('; ')}
          </p>
        )}
        <SchemaForm
          fields={plan.fields}
          value={isMap(value) ? value : {}}
          path={path}
          problems={problems}
          disabled={disabled}
          optional={!required}
          onChange={(next) => onChange(Object.keys(next).length === 0 && !required ? undefined : next)}
        />
      </fieldset>
    );
  }
  return (
    <FieldFrame field={field} path={path} problems={problems}>
      {(control, described) => {
        const shared = { id: control, ...described, required, disabled, value, onChange };
        switch (plan.kind) {
          case 'text':
            return <TextField {...shared} plan={plan} placeholder={plainText(fallback)} />;
          case 'number':
            return <NumberField {...shared} placeholder={fallback} />;
          case 'lines':
            return <LinesField {...shared} />;
          case 'json':
            return <JsonField {...shared} />;
          case 'switch':
          case 'choice':
            return (
              <select
                id={control}
                {...described}
                required={required}
                disabled={disabled}
                value={value === undefined ? '' : JSON.stringify(value)}
                onChange={({ currentTarget: { value: chosen } }) =>
                  onChange(chosen === '' ? undefined : (JSON.parse(chosen) as Json))
                }
              >
                <option value="">{fallback === '' ? 'not set' : `default (${plainText(fallback)})`}</option>
                {(plan.kind === 'switch' ? [true, false] : plan.options).map((option) => (
                  <option key={JSON.stringify(option)} value={JSON.stringify(option)}>
                    {nameOption(option)}
                  </option>
                ))}
              </select>
            );
          default:
            return plan satisfies never;
        }
      }}
    </FieldFrame>
  );
}

function nameOption(option: Json): string {
  if (typeof option === 'boolean') return option ? 'yes' : 'no';
  return typeof option === 'string' ? option : JSON.stringify(option);
}

function withKey(value: JsonMap, key: string, next: Json | undefined): JsonMap {
  const { [key]: _before, ...rest } = value;
  return next === undefined ? rest : { ...value, [key]: next };
}

/** Whether it is an object. */
export function isMap(value: Json | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON text without the quotes of a text. */
function plainText(json: string): string {
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}
