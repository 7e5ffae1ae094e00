import type { TestReport } from '../api/types.ts';
import { StatusText } from '../parts/status-text.tsx';

/** How a connection test ended. */
export function TestOutcome({ report }: { readonly report: TestReport }) {
  const { status, success, endpoint, error } = report;
  return (
    <section class={`verdict verdict-${status}`} role="status" aria-label="Test result">
      <div class="verdict-head">
        <StatusText status={status} />
        <span>{success ? 'The test succeeded.' : 'The test failed.'}</span>
        {endpoint === '' ? null : <code>{endpoint}</code>}
      </div>
      {error === undefined ? null : <p class="cause">{error}</p>}
    </section>
  );
}
