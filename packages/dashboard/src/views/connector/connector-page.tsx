import { PageTitle } from '../../parts/page-title.tsx';
import { ProblemPanel } from '../../parts/problem-panel.tsx';
import { Loading } from '../../parts/states.tsx';
import { StatusText } from '../../parts/status-text.tsx';
import type { Tab } from '../../parts/tabs.tsx';
import { TabPanel, Tabs } from '../../parts/tabs.tsx';
import { usePage } from '../../state/page-state.ts';
import { LogView } from '../../parts/log-view.tsx';
import { useLoad } from '../../state/use-load.ts';
import { api } from '../../api/api.ts';
import { Actions } from './actions.tsx';
import { Calls } from './calls.tsx';
import { Configuration } from './configuration.tsx';
import { Controls } from './controls.tsx';
import { Executions } from './executions.tsx';
import { Overview } from './overview.tsx';

const TABS = [
  { key: 'overview', name: 'Overview' },
  { key: 'actions', name: 'Actions' },
  { key: 'configuration', name: 'Configuration' },
  { key: 'logs', name: 'Logs' },
  { key: 'calls', name: 'Calls' },
  { key: 'executions', name: 'Executions' },
] as const satisfies readonly Tab[];

/** One connector. Its status is that of the event stream, so that it is never older than the list's. */
export function ConnectorPage({ id, tab = 'overview' }: { readonly id: string; readonly tab?: string | undefined }) {
  const { connectors } = usePage();
  const live = connectors.byId.value.get(id);
  const { value: details, problem, reload } = useLoad(() => api.getConnector(id), [id]);
  const info = live ?? details;
  const about =
    info === undefined ? undefined : (
      <>
        <StatusText status={info.status} />{' '}
        <span class="quiet">{info.name === id ? info.kind : `${info.name} · ${info.kind}`}</span>
      </>
    );
  return (
    <>
      <PageTitle title={id} about={about}>
        {info === undefined ? null : <Controls info={info} reload={reload} />}
      </PageTitle>
      {problem === undefined ? null : <ProblemPanel problem={problem} />}
      {info === undefined || details === undefined ? (
        problem === undefined ? (
          <Loading what={id} />
        ) : null
      ) : (
        <>
          <Tabs label={`Connector ${id}`} base={`/connectors/${encodeURIComponent(id)}`} tabs={TABS} current={tab} />
          <TabPanel name={tab}>
            {tab === 'overview' ? <Overview info={info} details={details} reload={reload} /> : null}
            {tab === 'actions' ? <Actions id={id} /> : null}
            {tab === 'configuration' ? <Configuration info={info} details={details} reload={reload} /> : null}
            {tab === 'logs' ? <LogView id={id} /> : null}
            {tab === 'calls' ? <Calls id={id} /> : null}
            {tab === 'executions' ? <Executions id={id} /> : null}
          </TabPanel>
        </>
      )}
    </>
  );
}
