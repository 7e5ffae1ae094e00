import { create } from '@bufbuild/protobuf';
import { PLANNED_CHANGES } from '../../config-operations.ts';
import type { ConfigPlan, ConfigText, PlannedChange, PlannedConnector } from '../../config-operations.ts';
import { BLAMES } from '../../error-codes.ts';
import type { Blame } from '../../error-codes.ts';
import { ConfigPlanSchema } from '../../gen/connectors/connectors_pb.ts';
import type {
  ConfigPlan as PlanMessage,
  PlanConfigRequest,
  PlannedConnector as PlannedMessage,
} from '../../gen/connectors/connectors_pb.ts';
import { readWord } from './words.ts';
import type { Problems } from './words.ts';

/** Of ApplyConfig too. */
export function configTextFromMessage({ yaml, name }: Pick<PlanConfigRequest, 'yaml' | 'name'>): ConfigText {
  return { ...(yaml === undefined ? {} : { yaml }), ...(name === undefined ? {} : { name }) };
}

export function configPlanToMessage({ connectors, sections, problems, warnings, unchanged }: ConfigPlan): PlanMessage {
  return create(ConfigPlanSchema, {
    connectors: connectors.map(({ keys, trial, ...planned }) => ({
      ...planned,
      keys: [...keys],
      ...(trial === undefined ? {} : { trial: { ...trial } }),
    })),
    unchanged,
    sections: [...sections],
    problems: problems.map((problem) => ({ ...problem })),
    warnings: [...warnings],
  });
}

export function configPlanFromMessage(message: PlanMessage, problems: Problems): ConfigPlan {
  return {
    connectors: message.connectors.map((planned) => plannedFromMessage(planned, problems)),
    unchanged: message.unchanged,
    sections: [...message.sections],
    problems: message.problems.map(({ path, expected, received, message: sentence, file, line, column }) => ({
      path,
      expected,
      received,
      ...(sentence === undefined ? {} : { message: sentence }),
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
      ...(column === undefined ? {} : { column }),
    })),
    warnings: [...message.warnings],
  };
}

function plannedFromMessage({ id, change, keys, trial }: PlannedMessage, problems: Problems): PlannedConnector {
  const path = `connectors.${id}`;
  return {
    id,
    change: readWord<PlannedChange>(PLANNED_CHANGES, change, { path, problems, fallback: 'changed' }),
    keys: [...keys],
    ...(trial === undefined
      ? {}
      : {
          trial: {
            status: trial.status === 'healthy' ? 'healthy' : 'unhealthy',
            message: trial.message,
            ...(trial.blame === undefined
              ? {}
              : { blame: readWord<Blame>(BLAMES, trial.blame, { path, problems, fallback: 'plugin' }) }),
          },
        }),
  };
}
