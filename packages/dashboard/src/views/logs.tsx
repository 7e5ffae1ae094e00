import { LogView } from '../parts/log-view.tsx';
import { PageTitle } from '../parts/page-title.tsx';

/** The log of the host and all connectors. */
export function Logs() {
  return (
    <>
      <PageTitle title="Logs" />
      <LogView />
    </>
  );
}
