import { PageTitle } from '../../parts/page-title.tsx';
import { ProblemPanel } from '../../parts/problem-panel.tsx';
import { Loading } from '../../parts/states.tsx';
import { StatusText } from '../../parts/status-text.tsx';
import type { Tab } from '../../parts/tabs.tsx';
import { TabPanel, Tabs } from '../../parts/tabs.tsx';
import { usePage } from '../../state/page-state.ts';
import { useLoad } from '../../state/use-load.ts';
import { api } from '../../api/api.ts';
import { Overview } from './overview.tsx';

const TABS = [{ key: 'overview', name: 'Overview' }] as const satisfies readonly Tab[];

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
      <PageTitle title={id} about={about} />
      {problem === undefined ? null : <ProblemPanel problem={problem} />}
      {info === undefined || details === undefined ? (
        problem === undefined ? (
          <Loading what={id} />
        ) : null
      ) : (
        <>
          <Tabs label={`Connector ${id}`} base={`/connectors/${encodeURIComponent(id)}`} tabs={TABS} current={tab} />
          <TabPanel name={tab}>
            <Overview info={info} details={details} reload={reload} />
          </TabPanel>
        </>
      )}
    </>
  );
}
