import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { JsonObject, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import type { AskedPermissions } from '../conformance/load-suite.ts';

/** Puts permissions into a package.json, in one step; the rest of it, and how far it is indented, stay. */
export function writePermissions(file: string, all: ReadonlyMap<string, AskedPermissions>): void {
  const text = readFileSync(file, 'utf8');
  const manifest = JSON.parse(text) as JsonObject;
  const automate = manifest['automate'] as JsonObject;
  const connectors = Object.fromEntries(
    Object.entries(connectorsOf(manifest)).map(([kind, declared]): [string, JsonValue] => {
      const permissions = all.get(kind);
      if (permissions === undefined) return [kind, declared];
      const { permissions: _before, ...entry } = isJsonObject(declared) ? declared : { entry: declared };
      const least = toManifest(permissions);
      if (Object.keys(least).length > 0) return [kind, { ...entry, permissions: least }];
      return [kind, isJsonObject(declared) ? entry : declared];
    }),
  );
  const indent = /^(?<indent>[ \t]+)"/m.exec(text)?.groups?.['indent'] ?? '  ';
  const changed = { ...manifest, automate: { ...automate, connectors } };
  const draft = join(dirname(file), `.${basename(file)}.draft`);
  writeFileSync(draft, `${JSON.stringify(changed, undefined, indent)}\n`);
  renameSync(draft, file);
}

/** As a manifest has them: nothing of what is empty. */
export function toManifest({ network, env, fs, childProcess }: AskedPermissions): JsonObject {
  const lists = (all: Readonly<Record<string, readonly string[]>>): JsonObject =>
    Object.fromEntries(
      Object.entries(all).flatMap(([name, list]): [string, JsonValue][] =>
        list.length === 0 ? [] : [[name, [...list]]],
      ),
    );
  const files = lists({ read: fs.read, write: fs.write });
  return {
    ...lists({ network, env }),
    ...(Object.keys(files).length === 0 ? {} : { fs: files }),
    ...(childProcess ? { childProcess } : {}),
  };
}

function connectorsOf(manifest: JsonValue): JsonObject {
  const automate = isJsonObject(manifest) ? manifest['automate'] : undefined;
  const connectors = isJsonObject(automate) ? automate['connectors'] : undefined;
  return isJsonObject(connectors) ? connectors : {};
}
