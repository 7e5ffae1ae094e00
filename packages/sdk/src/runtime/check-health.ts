import { ConnectorInternalError } from '@automate/contract';
import type { ConnectorAdapter } from '../connector-adapter.ts';
import type { CallContext } from '../connector-context.ts';
import { withDeadline } from '../deadline.ts';
import { healthScope } from '../health-scope.ts';
import type { AdapterHealth } from '../health.ts';
import { policyRefusal } from '../policy-refusal.ts';
import { startError } from './start-error.ts';

/**
 * One health check of an adapter, within the call's deadline. Never rejects: what the check throws is unhealthy, with the
 * error's message and `details` holding its `code` and own details, so that unreachable, answering badly and refused
 * credentials stay apart.
 */
export async function checkHealth(adapter: ConnectorAdapter, context: CallContext): Promise<AdapterHealth> {
  try {
    const health = await withDeadline({ deadline: context.deadline, what: 'the health check' }, () =>
      healthScope.run(true, () => adapter.healthCheck(context)),
    );
    assertHealth(adapter.name, health);
    return health;
  } catch (thrown) {
    const error = startError(policyRefusal(thrown) ?? adapter.normalizeError(thrown));
    return {
      status: 'unhealthy',
      message: error.message,
      details: adapter.redact({ ...error.details, code: error.code }),
    };
  }
}

function assertHealth(kind: string, health: AdapterHealth): void {
  const status: unknown = health?.status;
  if ((status === 'healthy' || status === 'unhealthy') && typeof health.message === 'string') return;
  throw new ConnectorInternalError(
    `healthCheck of "${kind}" answered neither healthy nor unhealthy with a message; the plugin's author must act`,
    { effect: 'none', details: { reason: 'bad_health' } },
  );
}
