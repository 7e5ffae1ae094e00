import { useLocation } from 'wouter-preact';
import { api } from '../../api/api.ts';
import type { ConnectorInfo } from '../../api/types.ts';
import { ConfirmButton } from '../../parts/confirm-button.tsx';
import { ProblemPanel } from '../../parts/problem-panel.tsx';
import { usePage } from '../../state/page-state.ts';
import { useTask } from '../../state/use-load.ts';
import { TaskButton } from '../../parts/task-button.tsx';

/** What an operator does with a connector. The event stream shows what becomes of it. */
export function Controls({ info, reload }: { readonly info: ConnectorInfo; reload(): Promise<void> }) {
  const { session, connectors } = usePage();
  const [, go] = useLocation();
  const act = useTask(async (work: () => Promise<unknown>) => {
    await work();
    connectors.refreshHealth();
    await reload();
  });
  const remove = useTask(async () => {
    await api.removeConnector(info.id);
    go('/connectors');
  });
  if (!session.may('manage')) return null;
  const { id } = info;
  const problem = act.problem ?? remove.problem;
  const isPaused = info.paused_since !== undefined;
  return (
    <div class="controls">
      <div class="buttons">
        {isPaused ? (
          <TaskButton busy={act.busy} onPress={() => void act.run(() => api.resumeConnector(id))}>
            Resume
          </TaskButton>
        ) : (
          <TaskButton
            busy={act.busy}
            disabled={!info.enabled}
            onPress={() => void act.run(() => api.pauseConnector(id))}
          >
            Pause
          </TaskButton>
        )}
        <TaskButton
          busy={act.busy}
          disabled={!info.enabled}
          onPress={() => void act.run(() => api.restartConnector(id))}
        >
          Restart
        </TaskButton>
        {info.enabled ? (
          <TaskButton busy={act.busy} onPress={() => void act.run(() => api.disableConnector(id))}>
            Disable
          </TaskButton>
        ) : (
          <TaskButton busy={act.busy} onPress={() => void act.run(() => api.enableConnector(id))}>
            Enable
          </TaskButton>
        )}
        {info.owner === 'api' ? (
          <ConfirmButton
            name="Remove"
            question={`Remove ${id}?`}
            busy={remove.busy}
            onConfirm={() => void remove.run()}
          >
            <p>Its configuration and the secrets that were given with it are gone for good. Calls under way end.</p>
          </ConfirmButton>
        ) : null}
      </div>
      {problem === undefined ? null : <ProblemPanel problem={problem} />}
    </div>
  );
}
