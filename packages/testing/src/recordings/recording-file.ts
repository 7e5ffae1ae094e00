import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Schema } from '@cfworker/json-schema';
import { Validator } from '@cfworker/json-schema';
import type { Recording } from './exchange.ts';

const TEXT: Schema = { type: 'string' };
const TEXTS: Schema = { type: 'object', additionalProperties: TEXT };
const LISTS: Schema = {
  type: 'object',
  additionalProperties: { anyOf: [TEXT, { type: 'array', items: TEXT }] },
};
const BODY: Readonly<Record<string, Schema>> = { json: {}, form: LISTS, text: TEXT, base64: TEXT };
const RECORDING: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['recorded', 'exchanges'],
  properties: {
    recorded: TEXT,
    exchanges: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['request', 'answer'],
        properties: {
          request: {
            type: 'object',
            additionalProperties: false,
            required: ['method', 'path'],
            properties: { method: TEXT, path: TEXT, query: LISTS, headers: TEXTS, ...BODY },
          },
          answer: {
            type: 'object',
            additionalProperties: false,
            required: ['status'],
            properties: { status: { type: 'integer', minimum: 200, maximum: 599 }, headers: LISTS, ...BODY },
          },
        },
      },
    },
  },
};

/**
 * Reads a file of recorded exchanges, which people may have edited.
 *
 * @throws Error that names the file and every place in it that is wrong, or says how to make one where there is none
 */
export async function readRecording(file: string): Promise<Recording> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(
      `nothing is recorded in ${file}: run this test once against the real service, with AUTOMATE_RECORDINGS=record, and commit the file`,
      { cause: error },
    );
  }
  let recording: unknown;
  try {
    recording = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is no JSON: ${(error as Error).message}`, { cause: error });
  }
  const { valid, errors } = new Validator(RECORDING, '2020-12', false).validate(recording);
  if (valid) return recording as Recording;
  // The last of each chain is the place itself; those before it only say that something within is wrong.
  const faults = errors
    .filter(({ keyword }) => !['properties', 'items', 'additionalProperties', 'anyOf'].includes(keyword))
    .map(({ instanceLocation, error }) => `${instanceLocation.replace(/^#/, '') || '/'}: ${error}`);
  const said =
    faults.length > 0 ? faults : errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
  throw new Error(`${file} is no recording: ${[...new Set(said)].join('; ')}`);
}

/** Puts a recording in the place of the one that is there, in one step. */
export async function writeRecording(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = join(dirname(file), `.${basename(file)}.draft`);
  await writeFile(draft, text);
  await rename(draft, file);
}
