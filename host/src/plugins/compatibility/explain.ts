import type { PluginProblem, PluginReason } from '@automate/contract';
import type { Fault } from '../discovery/fault.ts';
import { printable } from '../discovery/fault.ts';
import { describeValue } from '../discovery/describe-value.ts';
import { MAX_RANGE_LENGTH } from './check-compatibility.ts';
import type { LostKind, RangeFault, Reason } from './reason.ts';

/** A reason as a sentence about the package, which says what was wanted, what was found and what to do. */
export function explainPluginReason(reason: Reason): string {
  switch (reason.kind) {
    case 'denied':
      return `is kept out by the pattern ${describeValue(reason.pattern)} in plugins.deny: remove the pattern to admit it`;
    case 'left_out':
      return `is left out, as this host was started with "--without ${printable(reason.pattern)}": start it without that option to admit it`;
    case 'not_allowed':
      return 'matches no pattern in plugins.allow: add its name there to admit it';
    case 'transitive':
      return `came along with another package, and plugins.scan is "direct": add "${printable(reason.package)}" to the project's own dependencies to admit it`;
    case 'shadowed':
      return `is hidden by the package of the same name in ${reason.by}: remove one of the two`;
    case 'unsigned':
      return `${reason.why}, and plugins.signatures is "require": sign it once you trust it ("automate plugins sign ${printable(reason.package)} --key FILE"), or add its author's key to plugins.trusted_keys`;
    case 'problem':
      return explainProblems(reason.problems);
    case 'kinds_lost':
      return reason.lost.map(explainLostKind).join('; ');
    case 'host_too_old':
      return `${wants(reason)} is older: upgrade the host`;
    case 'host_too_new':
      return `${wants(reason)} is newer: look for a newer release of the plugin`;
    case 'host_between':
      return `${wants(reason)} is not among them: look for a release of the plugin that admits it, or change the host's version`;
    case 'range_missing':
      return `does not say which hosts it works with, and plugins.strict is set; this host is ${reason.host}: ask its author to declare "engines": { "automate": … }, or set plugins.strict to false`;
    default:
      return reason satisfies never;
  }
}

function wants({
  range,
  source,
  host,
}: {
  readonly range: string;
  readonly source: string;
  readonly host: string;
}): string {
  return `needs a host in the range ${describeValue(range)} (${source}); this host, ${host},`;
}

/** Why a package may not have one of its kinds. */
export function explainLostKind(lost: LostKind): string {
  switch (lost.because) {
    case 'contested':
      return `declares the kind "${lost.kind}", as ${lost.others.map(printable).join(' and ')} does: say which one is meant with plugins.prefer: { ${lost.kind}: <package> }`;
    case 'direct':
      return `declares the kind "${lost.kind}", which ${printable(lost.winner)} has because the project asks for that package by name: set plugins.prefer to change that`;
    case 'preferred':
      return `declares the kind "${lost.kind}", which plugins.prefer gives to ${printable(lost.winner)}: change plugins.prefer to use this one`;
    default:
      return lost satisfies never;
  }
}

/** The word for a reason in the report. */
export function pluginReason(reason: Reason): PluginReason {
  switch (reason.kind) {
    case 'denied':
    case 'left_out':
    case 'not_allowed':
      return 'denied';
    case 'transitive':
    case 'shadowed':
    case 'unsigned':
    case 'problem':
      return reason.kind;
    case 'kinds_lost':
      return 'duplicate_kind';
    case 'host_too_old':
    case 'host_too_new':
    case 'host_between':
    case 'range_missing':
      return 'incompatible';
    default:
      return reason satisfies never;
  }
}

/** What is wrong with a range, as a fault of the manifest. */
export function explainRangeFault(fault: RangeFault): Fault {
  const base = { path: fault.source, blame: 'plugin', remedy: 'write a range that semver reads' } as const;
  switch (fault.kind) {
    case 'range_unreadable':
      return { ...base, expected: 'a semver range such as "^1.0.0"', received: describeValue(fault.value) };
    case 'range_too_long':
      return {
        ...base,
        expected: `a semver range of at most ${MAX_RANGE_LENGTH} characters`,
        received: `${fault.length} characters`,
      };
    default:
      return fault satisfies never;
  }
}

function explainProblems(problems: readonly PluginProblem[]): string {
  const [first, ...others] = problems;
  if (first === undefined) return 'cannot be used';
  const more =
    others.length === 0 ? '' : `, and has ${others.length} more ${others.length === 1 ? 'problem' : 'problems'}`;
  return `cannot be used: ${explainProblem({ ...first, package: undefined })}${more}`;
}

/** A problem as one line: where, what was wanted, what was found, and who must do what. */
export function explainProblem(problem: PluginProblem): string {
  const whose = problem.package === undefined ? '' : `${problem.package}: `;
  const who = problem.blame === 'plugin' ? "the plugin's author" : 'the operator';
  return `${whose}${problem.path}: expected ${problem.expected}, received ${problem.received}; ${who} should ${problem.remedy}`;
}
