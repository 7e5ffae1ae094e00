import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, it } from '@jest/globals';
import { openWorkplace, TEMPLATE_NAMES, travel } from './fixtures/author-journey.ts';
import type { Workplace } from './fixtures/author-journey.ts';

const MINUTES = 60_000;

let workplace: Workplace | undefined;
let root: string;

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'automate-author-')));
  workplace = await openWorkplace(root);
}, 5 * MINUTES);

afterAll(async () => {
  await workplace?.registry.close();
  await rm(root, { recursive: true, force: true, maxRetries: 3 });
}, MINUTES);

/** The other package managers: `npm run author-journeys`. */
it(
  'leads from each template to an answer over REST, gRPC and the client, by way of a registry, with pnpm',
  () => travel(workplace!, 'pnpm', TEMPLATE_NAMES),
  8 * MINUTES,
);
