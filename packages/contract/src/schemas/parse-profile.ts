import { PROFILE_NAME_PATTERN } from '../connector.ts';
import type { Problem } from '../problem.ts';
import { checkShape } from './check-shape.ts';
import { profileSchema, setProfileSchema } from './config-file.ts';
import type { WireProfile } from './config-file.ts';
import { copyJson } from './copy-json.ts';
import { describeReceived } from './describe-received.ts';
import type { Finding } from './finding.ts';
import { toProblems } from './finding.ts';
import type { ParseOptions } from './parse-connector-config.ts';

type ParsedProfile =
  | { readonly ok: true; readonly profile: WireProfile }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads one profile in the YAML's shape, or gives every problem at once. `from` says, as for a connector, what its texts may refer to;
 * a caller's may be the secrets themselves. Never throws; what it gives shares nothing with what it was given.
 */
export function parseProfile(
  name: unknown,
  value: unknown,
  { from = 'file', path = '' }: Omit<ParseOptions, 'defaults'> = {},
): ParsedProfile {
  const findings: Finding[] = [];
  if (typeof name !== 'string' || !PROFILE_NAME_PATTERN.test(name))
    findings.push({
      path: path === '' ? ['name'] : [],
      expected: 'the name of a profile: letters, digits, "_", "." or "-"',
      received: describeReceived(name),
    });
  const schema = from === 'caller' ? setProfileSchema : profileSchema;
  const profile = checkShape(schema, copyJson(value, { from, findings }), findings);
  return profile === undefined || findings.length > 0
    ? { ok: false, problems: toProblems(findings, path) }
    : { ok: true, profile };
}
