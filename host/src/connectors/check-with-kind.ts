import type { ConnectorConfig, ConnectorDescription, Problem } from '@automate/contract';
import { ConfigInvalidError, describeProblem, didYouMean, quote } from '@automate/contract';
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

/**
 * What is wrong with what a configuration says of webhooks, in the light of what its kind says of itself. Which actions a remote system
 * offers is not known before it was asked.
 */
export function checkWebhook(
  webhook: ConnectorConfig['webhook'],
  { kind, capabilities, actions, open, discovery }: ConnectorDescription,
): Problem[] {
  if (webhook === undefined) return [];
  if (!capabilities.webhooks)
    return [
      {
        path: 'webhook',
        expected: `nothing: the kind "${kind}" takes no webhooks`,
        received: `action ${quote(webhook.action)}`,
      },
    ];
  const names = actions.map(({ name }) => name);
  if (open || discovery !== undefined || names.includes(webhook.action)) return [];
  return [
    {
      path: 'webhook.action',
      expected: `the name of an action of the kind "${kind}"${didYouMean(webhook.action, names)}`,
      received: quote(webhook.action),
    },
  ];
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
