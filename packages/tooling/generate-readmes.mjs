// Writes the reference part of each connector package's README (settings, actions, outcomes) from its code, so that they
// cannot differ. Only what stands between the two marks is touched. Needs a build.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ERROR_CODES, isAccessCode } from '@automate/contract';
import { describeAdapter } from '@automate/sdk/runtime';
import { renderOutcomes } from './render-outcomes.mjs';
import { renderReference } from './render-reference.mjs';
import { ROOT } from './run.mjs';

/** Those by which the service itself turns callers away come from no kind. */
const CODES_OF_KINDS = Object.fromEntries(Object.entries(ERROR_CODES).filter(([code]) => !isAccessCode(code)));

const BEGIN = '<!-- reference: written by `npm run generate` from the adapter -->';
const END = '<!-- end of the reference -->';

/**
 * @param {{ check?: boolean }} [options] with `check` nothing is written
 * @returns {Promise<string[]>} the files that were, or with `check` are, out of date
 */
export async function generateReadmes({ check = false } = {}) {
  const outdated = [];
  for (const folder of pluginFolders()) {
    const file = join(folder, 'README.md');
    const before = readFileSync(file, 'utf8');
    const after = replaceReference(file, before, await referenceOf(folder));
    if (after === before) continue;
    if (!check) writeFileSync(file, after);
    outdated.push(relative(ROOT, file));
  }
  return outdated;
}

function pluginFolders() {
  const plugins = join(ROOT, 'plugins');
  return readdirSync(plugins)
    .toSorted()
    .map((name) => join(plugins, name))
    .filter((folder) => existsSync(join(folder, 'package.json')));
}

async function referenceOf(folder) {
  const { automate } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const own = join(folder, 'dist', 'outcomes.js');
  const { outcomes = [] } = existsSync(own) ? await import(pathToFileURL(own).href) : {};
  const parts = [];
  for (const [kind, declared] of Object.entries(automate.connectors)) {
    const entry = typeof declared === 'string' ? declared : declared.entry;
    const { default: Adapter } = await import(pathToFileURL(join(folder, entry)).href);
    const description = describeAdapter(new Adapter(), { kind });
    parts.push(renderReference(description), renderOutcomes(description, outcomes[kind] ?? outcomes, CODES_OF_KINDS));
  }
  return parts.join('\n');
}

function replaceReference(file, text, reference) {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`${file} needs the two lines\n${BEGIN}\n${END}`);
  return `${text.slice(0, begin)}${BEGIN}\n\n${reference}\n${text.slice(end)}`;
}
