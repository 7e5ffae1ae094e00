#!/bin/sh
# Makes a copy of these sources ready to run: what the first stage of the Containerfile does, and what a machine without containers
# does by hand. Needs Node 24, npm and a registry, and no rights: run it as the user that owns the copy.
set -eu
cd "$(dirname "$0")/.."
umask 022

# The very version of pnpm that made the lock file.
pnpm() { npx -y "$(node -p 'require("./package.json").packageManager')" "$@"; }

CI=true
export CI
pnpm install --frozen-lockfile
node node_modules/typescript/bin/tsc -b
# What only the build and the tests need goes again.
pnpm install --frozen-lockfile --no-optional --prod --config.modules-cache-max-age=0
