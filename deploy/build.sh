#!/bin/sh
# build.sh DIRECTORY: makes a project of these sources in an empty directory, ready to run: what the first stage of the Containerfile
# does, and what a machine without containers does by hand. Needs Node 24, npm and a registry, and no rights: run it as the user that owns
# the sources and the directory.
set -eu
target=${1:?the directory to build into, as the one argument}
mkdir -p "$target"
target=$(cd "$target" && pwd)
cd "$(dirname "$0")/.."
umask 022
CI=true
export CI

# The very version of pnpm that made the lock file.
pnpm() { npx -y "$(node -p 'require("./package.json").packageManager')" "$@"; }

pnpm install --frozen-lockfile
node node_modules/typescript/bin/tsc -b

# Packed as for the registry, so that what runs is what users install.
packs=$target/packs
pnpm --filter './packages/*' --filter ./host --filter './plugins/*' --filter '!./packages/tooling' --filter '!./packages/dashboard' pack --pack-destination "$packs"
node deploy/project.mjs "$target" "$packs"
mkdir -p "$target/config"
cp config/connectors.yaml "$target/config/"
cp deploy/healthcheck.mjs "$target/"
cd "$target"
npm install --ignore-scripts --no-audit --no-fund --no-package-lock --omit=dev
rm -r "$packs"
