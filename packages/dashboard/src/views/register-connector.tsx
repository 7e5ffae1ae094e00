import { Link, useLocation } from 'wouter-preact';
import { api } from '../api/api.ts';
import { ConfigForm } from '../forms/config-form.tsx';
import { PageTitle } from '../parts/page-title.tsx';

/** A new connector. */
export function RegisterConnector() {
  const [, go] = useLocation();
  return (
    <>
      <PageTitle title="Register connector" about={<Link href="/connectors">All connectors</Link>} />
      <ConfigForm
        save={async (config) => {
          const { id } = await api.registerConnector(config);
          go(`/connectors/${encodeURIComponent(id)}`);
        }}
      />
    </>
  );
}
