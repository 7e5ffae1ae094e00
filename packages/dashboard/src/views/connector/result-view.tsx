import type { ExecuteResult } from '../../api/types.ts';
import { formatMs } from '../../parts/words.ts';

/** What an action answered. */
export function ResultView({ answer }: { readonly answer: ExecuteResult }) {
  const { result, attempts, duration_ms: durationMs, replayed } = answer;
  return (
    <section class="result" aria-label="Result" role="status">
      <h2 class="small">Result</h2>
      <p class="quiet">
        in {formatMs(durationMs)}
        {attempts > 1 ? `, at try ${attempts}` : ''}
        {replayed ? ', that of an earlier call with this key' : ''}
        {answer.result_dropped === true ? '; it was too large to be kept' : ''}
      </p>
      <pre tabIndex={0} aria-label="Result as JSON">
        {JSON.stringify(result, undefined, 2)}
      </pre>
    </section>
  );
}
