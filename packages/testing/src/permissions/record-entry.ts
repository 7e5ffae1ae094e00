/** Loaded before all else into programs that run tests: records what connectors use there, where the environment says. */
import { recordUses } from './record-uses.ts';

const { AUTOMATE_PERMISSIONS_LOG: directory, AUTOMATE_PERMISSIONS_PACKAGE: packageDir } = process.env;
if (directory !== undefined && packageDir !== undefined) recordUses(directory, packageDir);
