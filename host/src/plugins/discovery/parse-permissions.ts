import {
  GRANTED_PATH_PATTERN,
  isJsonObject,
  NETWORK_PATTERN,
  NO_PERMISSIONS,
  VARIABLE_PATTERN,
} from '@automate/contract';
import type { PermissionSet } from '@automate/contract';
import type { Report } from './fault.ts';
import { own } from './record.ts';

const A_PATH = 'an absolute path without ".." such as "/etc/ssl/certs", or "*" for what the configuration names';
const NAMES = ['network', 'env', 'fs', 'childProcess'];
/** `*` is what the operator's configuration names. */
const PATH = new RegExp(`^\\*$|${GRANTED_PATH_PATTERN.source}`);

/**
 * Reads the `permissions` of a kind. Absent means none. Names that this host does not know are faults, not warnings:
 * what cannot be understood cannot be weighed by whoever has to allow it.
 */
export function parsePermissions(value: unknown, path: string, report: Report): PermissionSet {
  if (value === undefined) return NO_PERMISSIONS;
  const record = readRecord(value, { path, names: NAMES, report });
  const fsPath = `${path}.fs`;
  const files = own(record, 'fs');
  const fs = files === undefined ? {} : readRecord(files, { path: fsPath, names: ['read', 'write'], report });
  return {
    network: readTexts(own(record, 'network'), {
      path: `${path}.network`,
      each: NETWORK_PATTERN,
      expected: 'a host and port such as "api.example.com:443", "*.example.com:443" or "*:5432"',
      report,
    }),
    env: readTexts(own(record, 'env'), {
      path: `${path}.env`,
      each: VARIABLE_PATTERN,
      expected: 'a name such as "HTTPS_PROXY"',
      report,
    }),
    fs: {
      read: readTexts(own(fs, 'read'), { path: `${fsPath}.read`, each: PATH, expected: A_PATH, report }),
      write: readTexts(own(fs, 'write'), { path: `${fsPath}.write`, each: PATH, expected: A_PATH, report }),
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
  readonly expected: string;
  readonly report: Report;
}

function readTexts(value: unknown, { path, each, expected, report }: TextRules): readonly string[] {
  if (value === undefined) return [];
  const remedy = 'write the permissions as the manifest reference shows';
  if (!Array.isArray(value)) {
    report({ path, expected: `an array, each ${expected}`, value, remedy });
    return [];
  }
  const texts: string[] = [];
  for (const [index, text] of (value as readonly unknown[]).entries()) {
    if (typeof text === 'string' && each.test(text)) texts.push(text);
    else report({ path: `${path}[${index}]`, expected, value: text, remedy });
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
