// project.mjs TARGET PACKS: writes the package.json of a project with every packed package among its dependencies, where kinds are found.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [target, packs] = process.argv.slice(2);
const nameOf = (file) => file.replace(/^automate-/, '@automate/').replace(/-\d+\.\d+\.\d+.*\.tgz$/, '');
const dependencies = Object.fromEntries(readdirSync(packs).map((file) => [nameOf(file), `file:${join(packs, file)}`]));
writeFileSync(
  join(target, 'package.json'),
  `${JSON.stringify({ name: 'automate-deployed', private: true, type: 'module', dependencies }, undefined, 2)}\n`,
);
