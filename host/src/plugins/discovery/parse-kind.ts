import { CONFIGURED_LEVELS, CONNECTOR_TYPES, isJsonObject, KIND_PATTERN, SCHEME_PATTERN } from '@automate/contract';
import type { ConfiguredLevel, ConnectorType } from '@automate/contract';
import type { KindManifest } from './declaration.ts';
import { describeValue } from './describe-value.ts';
import type { Report } from './fault.ts';
import { printable } from './fault.ts';
import { parsePermissions, readFlag } from './parse-permissions.ts';
import { own } from './record.ts';

const FIELDS = [
  'entry',
  'type',
  'title',
  'description',
  'scheme',
  'icon',
  'autoconfigure',
  'permissions',
  'recommendedIsolation',
];
const EXAMPLE = '"./dist/adapter.js"';

export interface KindSource {
  readonly kind: string;
  /** The key's value: a path in the short form, an object in the long form. */
  readonly value: unknown;
  /** What a kind without a description of its own is described with. */
  readonly description: string;
  readonly report: Report;
  /** Takes sentences about things that work but should be looked at. */
  readonly warn: (warning: string) => void;
}

/** Reads one key of `automate.connectors`. `undefined` when it cannot be used; every fault has been reported then. */
export function parseKind({ kind, value, description, report, warn }: KindSource): KindManifest | undefined {
  const path = `automate.connectors.${printable(kind)}`;
  let faults = 0;
  const note: Report = (mistake) => {
    faults++;
    report(mistake);
  };
  if (!KIND_PATTERN.test(kind)) {
    note({
      path,
      expected: 'a name of small letters, digits and "_" that begins with a letter',
      value: kind,
      remedy: 'rename the kind',
    });
  }
  const isShort = typeof value === 'string';
  if (!isShort && !isJsonObject(value)) {
    note({
      path,
      expected: `the path of a module such as ${EXAMPLE}, or an object with "entry"`,
      value,
      remedy: 'name the module whose default export is the adapter class',
    });
    return undefined;
  }
  const long = isShort ? {} : value;
  for (const field of Object.keys(long)) {
    if (!FIELDS.includes(field))
      warn(`${path} has a field ${describeValue(field)}, which this host does not know and ignores`);
  }
  const entryPath = isShort ? path : `${path}.entry`;
  const declared: KindManifest = {
    kind,
    entry: readEntry(isShort ? value : own(long, 'entry'), entryPath, note),
    entryPath,
    type: readType(own(long, 'type'), `${path}.type`, note),
    title: readText(own(long, 'title'), `${path}.title`, note) ?? titleOf(kind),
    description: readText(own(long, 'description'), `${path}.description`, note) ?? description,
    scheme: readScheme(own(long, 'scheme'), `${path}.scheme`, note),
    icon: readText(own(long, 'icon'), `${path}.icon`, note),
    autoconfigure: readFlag(own(long, 'autoconfigure'), `${path}.autoconfigure`, note),
    permissions: parsePermissions(own(long, 'permissions'), `${path}.permissions`, note),
    recommendedIsolation: readLevel(own(long, 'recommendedIsolation'), `${path}.recommendedIsolation`, note),
  };
  return faults === 0 ? declared : undefined;
}

function readEntry(value: unknown, path: string, report: Report): string {
  if (typeof value === 'string' && value !== '') return value;
  report({
    path,
    expected: `the path of a module such as ${EXAMPLE}`,
    value,
    remedy: 'name the module whose default export is the adapter class',
  });
  return '';
}

function readType(value: unknown, path: string, report: Report): ConnectorType {
  if (value === undefined) return 'custom';
  const type = CONNECTOR_TYPES.find((known) => known === value);
  if (type === undefined)
    report({
      path,
      expected: CONNECTOR_TYPES.join(', '),
      value,
      remedy: 'choose one of these, or leave the field out for "custom"',
    });
  return type ?? 'custom';
}

function readLevel(value: unknown, path: string, report: Report): ConfiguredLevel | undefined {
  const level = CONFIGURED_LEVELS.find((known) => known === value);
  if (value !== undefined && level === undefined)
    report({
      path,
      expected: CONFIGURED_LEVELS.join(', '),
      value,
      remedy: 'choose one of these, or leave the field out to have the operator decide',
    });
  return level;
}

function readScheme(value: unknown, path: string, report: Report): string | undefined {
  if (value === undefined || (typeof value === 'string' && SCHEME_PATTERN.test(value))) return value;
  report({
    path,
    expected: 'a URL scheme such as "postgresql"',
    value,
    remedy: 'write the scheme alone, or leave the field out for "http"',
  });
  return undefined;
}

function readText(value: unknown, path: string, report: Report): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return printable(value);
  report({ path, expected: 'a text', value, remedy: 'write a text, or leave the field out' });
  return undefined;
}

/** `my_service` → `My service`. */
function titleOf(kind: string): string {
  return printable(kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll('_', ' ')).trim();
}
