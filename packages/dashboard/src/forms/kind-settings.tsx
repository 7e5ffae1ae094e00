import { api } from '../api/api.ts';
import type { Json, JsonMap } from '../api/types.ts';
import { ProblemPanel } from '../parts/problem-panel.tsx';
import { Loading } from '../parts/states.tsx';
import { useLoad } from '../state/use-load.ts';
import { FieldFrame } from './field-frame.tsx';
import { planFields } from './plan-field.ts';
import type { Problems } from './problems-at.ts';
import { isMap, SchemaForm } from './schema-form.tsx';
import { JsonField } from './value-fields.tsx';

export interface KindSettingsProps {
  /** Undefined where there is none of that name to be asked about. */
  readonly kind: string | undefined;
  /** What is given; what is no object was written as JSON, and is for the service to refuse. */
  readonly value: Json | undefined;
  /** Whether a profile may give what the kind requires. */
  readonly withProfile: boolean;
  readonly problems: Problems;
  readonly disabled: boolean;
  onChange(settings: Json | undefined): void;
}

/** The settings of a connector, asked for as its kind describes them; as JSON where it does not. */
export function KindSettings({ kind, value, withProfile, problems, disabled, onChange }: KindSettingsProps) {
  const described = useLoad(async () => (kind === undefined ? undefined : api.describeKind(kind)), [kind]);
  const schema = described.value?.config_schema;
  const planned = schema === undefined ? undefined : planFields(schema as JsonMap);
  const fields = withProfile ? planned?.map((field) => ({ ...field, required: false })) : planned;
  return (
    <fieldset class="group">
      <legend>
        Settings of the kind <code class="key">settings</code>
      </legend>
      {described.problem === undefined ? null : <ProblemPanel problem={described.problem} quiet />}
      {described.loading ? (
        <Loading what={`the settings of ${kind ?? 'the kind'}`} />
      ) : fields === undefined ? (
        <FieldFrame field={AS_JSON} path="settings" problems={problems}>
          {(id, parts) => <JsonField id={id} {...parts} disabled={disabled} value={value} onChange={onChange} />}
        </FieldFrame>
      ) : fields.length === 0 ? (
        <p class="hint">It has none.</p>
      ) : (
        <SchemaForm
          fields={fields}
          value={isMap(value) ? value : {}}
          path="settings"
          problems={problems}
          disabled={disabled}
          onChange={onChange}
        />
      )}
    </fieldset>
  );
}

const AS_JSON = { key: 'settings', title: 'settings as JSON', description: '', required: false } as const;
