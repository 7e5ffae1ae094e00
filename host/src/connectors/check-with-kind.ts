import type { ConnectorConfig, Problem } from '@automate/contract';
import { ConfigInvalidError, describeProblem, quote } from '@automate/contract';
import { isWeaker } from '../plugins/isolation.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import type { ConnectorEntry } from './connector-state.ts';
import { withScheme } from './connector-state.ts';
import { checkGrants } from './reach.ts';

/** What is wrong with a configuration in the light of its kind. */
export function checkWithKind(config: ConnectorConfig, kind: Kind | undefined): Problem[] {
  return [
    ...checkHealthPath(withScheme(config, kind)),
    ...(kind === undefined ? [] : [...checkIsolation(config, kind), ...checkGrants(kind, config.isolation)]),
  ];
}

/** Why a stored or configured connector cannot start, by problems that only show together with its kind; undefined where there are none. */
export function findUnrunnable({ id, config }: ConnectorEntry, kind: Kind): ConfigInvalidError | undefined {
  const problems = checkWithKind(config, kind);
  if (problems.length === 0) return undefined;
  const message = `the connector "${id}" cannot start: ${problems.map(describeProblem).join('; ')}`;
  return new ConfigInvalidError(message, { connector: id, problems });
}

function checkIsolation({ isolation: asked }: ConnectorConfig, { source, isolation }: Kind): Problem[] {
  if (asked === undefined) return [];
  const received = JSON.stringify(asked);
  if (source.via === 'class' && asked !== 'thread')
    return [
      {
        path: 'isolation',
        expected:
          'nothing, since its kind is a class that the program handed over: register its module to have it isolated',
        received,
      },
    ];
  if (!isWeaker(asked, isolation.minimum)) return [];
  return [
    {
      path: 'isolation',
      expected: `at least "${isolation.minimum}", which plugins.minimum_isolation asks for`,
      received,
    },
  ];
}

/** Only http(s) has paths; which scheme a connector has that names none is known with its kind. */
function checkHealthPath({ healthCheck, scheme }: ConnectorConfig): Problem[] {
  if (healthCheck.path === undefined || scheme === 'http' || scheme === 'https') return [];
  return [
    {
      path: 'health_check.path',
      expected: `none with the scheme ${scheme} of its kind: only http and https have paths`,
      received: quote(healthCheck.path),
    },
  ];
}
