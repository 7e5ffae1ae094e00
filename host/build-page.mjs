// Builds the page that the host serves into `page/`, which is part of the package as it is published. Does nothing where it is
// as its sources are.

import { join } from 'node:path';
import { buildPage } from '@automate/dashboard/build';

const built = await buildPage(join(import.meta.dirname, 'page'));
if (built) console.log('the page is built');
