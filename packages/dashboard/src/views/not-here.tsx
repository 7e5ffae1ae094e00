import { Link } from 'wouter-preact';
import { PageTitle } from '../parts/page-title.tsx';
import { Empty } from '../parts/states.tsx';

export function NotHere() {
  return (
    <>
      <PageTitle title="Nothing here" />
      <Empty title="No view has this address.">
        <p>
          <Link href="/connectors">All connectors</Link>
        </p>
      </Empty>
    </>
  );
}
