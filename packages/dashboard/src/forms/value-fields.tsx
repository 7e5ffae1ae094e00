import { useEffect, useState } from 'preact/hooks';
import type { Json } from '../api/types.ts';
import type { Described } from './field-frame.tsx';
import type { FieldPlan } from './plan-field.ts';

export interface ValueFieldProps extends Described {
  readonly id: string;
  readonly value: Json | undefined;
  readonly required?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  readonly placeholder?: string;
  /** Undefined: nothing is given. */
  onChange(value: Json | undefined): void;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** What is written for a number; what is none is sent as it is, for the service to say what it expected. */
function readNumber(text: string): Json | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  return NUMBER.test(trimmed) ? Number(trimmed) : trimmed;
}

function asText(value: Json | undefined): string {
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}

type TextPlan = Extract<FieldPlan, { readonly kind: 'text' }>;

export function TextField({ value, plan, onChange, ...rest }: ValueFieldProps & { readonly plan: TextPlan }) {
  const read = (text: string): Json | undefined =>
    plan.alsoNumber ? readNumber(text) : text === '' ? undefined : text;
  const shared = { ...rest, value: asText(value), spellcheck: false };
  if (plan.long)
    return <textarea {...shared} rows={4} onInput={({ currentTarget }) => onChange(read(currentTarget.value))} />;
  return (
    <input
      {...shared}
      type={plan.secret ? 'password' : 'text'}
      autocomplete={plan.secret ? 'new-password' : 'off'}
      onInput={({ currentTarget }) => onChange(read(currentTarget.value))}
    />
  );
}

export function NumberField({ value, onChange, ...rest }: ValueFieldProps) {
  const [text, setText] = useState(asText(value));
  // Another value from outside, such as what was saved.
  useEffect(() => {
    if (readNumber(text) !== value) setText(asText(value));
  }, [value]);
  return (
    <input
      {...rest}
      type="text"
      inputMode="decimal"
      autocomplete="off"
      value={text}
      onInput={({ currentTarget }) => {
        setText(currentTarget.value);
        onChange(readNumber(currentTarget.value));
      }}
    />
  );
}

/** A list of texts, a line each. */
export function LinesField({ value, onChange, ...rest }: ValueFieldProps) {
  const given = Array.isArray(value) ? (value as readonly Json[]).map(asText).join('\n') : '';
  const [text, setText] = useState(given);
  const read = (written: string): string[] => written.split('\n').filter((line) => line.trim() !== '');
  useEffect(() => {
    if (read(text).join('\n') !== given) setText(given);
  }, [given]);
  return (
    <textarea
      {...rest}
      rows={Math.min(8, Math.max(2, text.split('\n').length))}
      placeholder="one in each line"
      spellcheck={false}
      value={text}
      onInput={({ currentTarget }) => {
        setText(currentTarget.value);
        const lines = read(currentTarget.value);
        onChange(lines.length === 0 ? undefined : lines);
      }}
    />
  );
}

/** Anything, as JSON. What is no JSON keeps the form from being sent. */
export function JsonField({ value, onChange, ...rest }: ValueFieldProps) {
  const given = value === undefined ? '' : JSON.stringify(value, undefined, 2);
  const [text, setText] = useState(given);
  useEffect(() => {
    if (canonical(text) !== canonical(given)) setText(given);
  }, [given]);
  return (
    <textarea
      {...rest}
      class="code"
      rows={Math.min(16, Math.max(3, text.split('\n').length))}
      placeholder="JSON"
      spellcheck={false}
      value={text}
      onInput={({ currentTarget }) => {
        setText(currentTarget.value);
        try {
          onChange(currentTarget.value.trim() === '' ? undefined : (JSON.parse(currentTarget.value) as Json));
          currentTarget.setCustomValidity('');
        } catch (reason) {
          currentTarget.setCustomValidity(`This is no JSON: ${(reason as Error).message}`);
        }
      }}
    />
  );
}

/** Equal for texts of equal JSON; undefined for what is none. */
function canonical(text: string): string | undefined {
  try {
    return text.trim() === '' ? '' : JSON.stringify(JSON.parse(text));
  } catch {
    return undefined;
  }
}
