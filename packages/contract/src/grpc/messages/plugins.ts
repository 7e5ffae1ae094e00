import { create } from '@bufbuild/protobuf';
import { PluginReportSchema } from '../../gen/connectors/connectors_pb.ts';
import type {
  PluginEntry as EntryMessage,
  PluginProblem as ProblemMessage,
  PluginReport as ReportMessage,
} from '../../gen/connectors/connectors_pb.ts';
import { PERMISSIONS } from '../../permissions.ts';
import type { Permission } from '../../permissions.ts';
import { PLUGIN_REASONS, PLUGIN_STATUSES } from '../../plugin-report.ts';
import type { PluginEntry, PluginProblem, PluginReason, PluginReport } from '../../plugin-report.ts';
import { readWord } from './words.ts';
import type { Problems } from './words.ts';

export function pluginsToMessage(report: PluginReport): ReportMessage {
  return create(PluginReportSchema, {
    plugins: report.plugins.map((entry) => ({
      ...entry,
      kinds: [...entry.kinds],
      problems: entry.problems.map((problem) => ({ ...problem })),
      warnings: [...entry.warnings],
      permissions: entry.permissions.map((permission) => ({ ...permission, granted: [...permission.granted] })),
    })),
    problems: report.problems.map((problem) => ({ ...problem })),
  });
}

/** Reads the report; nothing counts as an empty one. */
export function pluginsFromMessage(message: ReportMessage | undefined, problems: Problems): PluginReport {
  return {
    plugins: (message?.plugins ?? []).map((entry) => entryFromMessage(entry, problems)),
    problems: (message?.problems ?? []).map((problem) => problemFromMessage(problem, problems)),
  };
}

function entryFromMessage(entry: EntryMessage, problems: Problems): PluginEntry {
  const path = `plugins.${entry.package}`;
  return {
    package: entry.package,
    ...(entry.version === undefined ? {} : { version: entry.version }),
    path: entry.path,
    kinds: [...entry.kinds],
    status: readWord(PLUGIN_STATUSES, entry.status, { path: `${path}.status`, problems, fallback: 'problem' }),
    ...(entry.reason === undefined
      ? {}
      : {
          reason: readWord<PluginReason>(PLUGIN_REASONS, entry.reason, {
            path: `${path}.reason`,
            problems,
            fallback: 'problem',
          }),
        }),
    ...(entry.message === undefined ? {} : { message: entry.message }),
    problems: entry.problems.map((problem) => problemFromMessage(problem, problems)),
    warnings: [...entry.warnings],
    ...(entry.formerVersion === undefined ? {} : { formerVersion: entry.formerVersion }),
    permissions: entry.permissions.map(({ kind, permission, value, granted }) => ({
      kind,
      permission: readWord<Permission>(PERMISSIONS, permission, {
        path: `${path}.permissions`,
        problems,
        fallback: 'child_process',
      }),
      value,
      granted: [...granted],
    })),
  };
}

function problemFromMessage(problem: ProblemMessage, problems: Problems): PluginProblem {
  return {
    ...(problem.package === undefined ? {} : { package: problem.package }),
    path: problem.path,
    expected: problem.expected,
    received: problem.received,
    blame: readWord(['plugin', 'operator'], problem.blame, { path: 'problems.blame', problems, fallback: 'plugin' }),
    remedy: problem.remedy,
  };
}
