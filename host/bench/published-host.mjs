// The host as its users have it: packed, and among its dependencies. Those of this workspace stand in for what an installer would
// bring, but for the one that is packed into another form too.
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '..', '..');

/** Unpacks it in a project's `node_modules`; gives the command's file. */
export function unpackHost(root) {
  const packages = join(root, 'node_modules/@automate');
  unpack('host', join(packages, 'host'));
  unpack('packages/grpc', join(packages, 'host/node_modules/@automate/grpc'));
  const installed = join(REPOSITORY, 'host/node_modules');
  for (const name of globSync(['@*/*', '[!@.]*'], { cwd: installed })) {
    if (name === '@automate/grpc') continue;
    const place = join(packages, 'host/node_modules', name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(installed, name), place);
  }
  const { bin } = JSON.parse(readFileSync(join(packages, 'host/package.json'), 'utf8'));
  return join(packages, 'host', bin.automate);
}

function unpack(folder, place) {
  const { packageManager } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
  mkdirSync(place, { recursive: true });
  const out = join(place, 'packed.tgz');
  execFileSync('npx', ['-y', packageManager, 'pack', '--out', out], { cwd: join(REPOSITORY, folder), stdio: 'ignore' });
  execFileSync('tar', ['-xzf', out, '-C', place, '--strip-components=1']);
}
