import { isJsonObject } from '@automate/contract';
import type { Permissions } from './declaration.ts';
import type { Report } from './fault.ts';
import { own } from './record.ts';

const NAMES = ['network', 'env', 'fs', 'childProcess'];
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ONE_WORD = /^\S+$/;
const PRINTABLE = /^[^\u0000-\u001f]+$/;

/**
 * Reads the `permissions` of a kind. Absent means none. Names that this host does not know are faults, not warnings:
 * what cannot be understood cannot be weighed by whoever has to allow it.
 */
export function parsePermissions(value: unknown, path: string, report: Report): Permissions {
  if (value === undefined) return { network: [], env: [], fs: { read: [], write: [] }, childProcess: false };
  const record = readRecord(value, { path, names: NAMES, report });
  const fsPath = `${path}.fs`;
  const files = own(record, 'fs');
  const fs = files === undefined ? {} : readRecord(files, { path: fsPath, names: ['read', 'write'], report });
  return {
    network: readTexts(own(record, 'network'), {
      path: `${path}.network`,
      each: ONE_WORD,
      example: 'api.example.com:443',
      report,
    }),
    env: readTexts(own(record, 'env'), { path: `${path}.env`, each: VARIABLE, example: 'HTTPS_PROXY', report }),
    fs: {
      read: readTexts(own(fs, 'read'), { path: `${fsPath}.read`, each: PRINTABLE, example: '/etc/ssl/certs', report }),
      write: readTexts(own(fs, 'write'), { path: `${fsPath}.write`, each: PRINTABLE, example: '/var/tmp', report }),
    },
    childProcess: readFlag(own(record, 'childProcess'), `${path}.childProcess`, report),
  };
}

function readRecord(
  value: unknown,
  { path, names, report }: { path: string; names: readonly string[]; report: Report },
): Readonly<Record<string, unknown>> {
  if (!isJsonObject(value)) {
    report({
      path,
      expected: `an object with ${names.join(', ')}`,
      value,
      remedy: 'write the permissions as the manifest reference shows',
    });
    return {};
  }
  for (const name of Object.keys(value)) {
    if (names.includes(name)) continue;
    report({
      path,
      expected: `only ${names.join(', ')}`,
      value: name,
      remedy: 'remove it, or require a host that knows it',
    });
  }
  return value;
}

interface TextRules {
  readonly path: string;
  readonly each: RegExp;
  readonly example: string;
  readonly report: Report;
}

function readTexts(value: unknown, { path, each, example, report }: TextRules): readonly string[] {
  if (value === undefined) return [];
  const expected = `an array of texts such as ${JSON.stringify(example)}`;
  const remedy = 'write the permissions as the manifest reference shows';
  if (!Array.isArray(value)) {
    report({ path, expected, value, remedy });
    return [];
  }
  const texts: string[] = [];
  for (const [index, text] of (value as readonly unknown[]).entries()) {
    if (typeof text === 'string' && each.test(text)) texts.push(text);
    else
      report({ path: `${path}[${index}]`, expected: `a text such as ${JSON.stringify(example)}`, value: text, remedy });
  }
  return texts;
}

/** A flag that is false when absent. */
export function readFlag(value: unknown, path: string, report: Report): boolean {
  if (typeof value === 'boolean') return value;
  if (value !== undefined)
    report({ path, expected: 'true or false', value, remedy: 'write true or false, without quotes' });
  return false;
}
