// `npm run generate` writes every generated file anew; with `--check` nothing is written, and the exit code says whether
// something was out of date. Needs a build, because the schema is made from what the host itself reads with.

import { generateDocs } from './generate-docs.mjs';
import { generateProto } from './generate-proto.mjs';
import { generateReadmes } from './generate-readmes.mjs';
import { generateSchema } from './generate-schema.mjs';

const check = process.argv.includes('--check');
const outdated = [
  ...(await generateProto({ check })),
  ...(await generateSchema({ check })),
  ...(await generateReadmes({ check })),
  ...(await generateDocs({ check })),
];

if (outdated.length === 0) {
  console.log('generated files are up to date');
} else {
  console.log(`${check ? 'out of date' : 'written'}:\n${outdated.map((file) => `  ${file}`).join('\n')}`);
  if (check) process.exitCode = 1;
}
