import type { ProblemDocument } from '@automate/contract/http';
import { BLAME_WORDS, formatMs } from './words.ts';

/** An error as the service tells it: what happened, who must act, and every problem by its place. */
export function ProblemPanel({
  problem,
  quiet = false,
}: {
  readonly problem: ProblemDocument;
  readonly quiet?: boolean;
}) {
  const { title, detail, code, blame, effect, attempts, retryable, retry_after_ms: retryAfterMs, details } = problem;
  const problems = problem.problems ?? [];
  const reason = details?.['reason'];
  return (
    <section class="problem" role={quiet ? undefined : 'alert'} aria-label={`Error: ${title}`}>
      <p class="problem-title">{title}</p>
      <p class="problem-detail">{detail}</p>
      {problems.length === 0 ? null : (
        <ul class="problem-list">
          {problems.map((each) => (
            <li key={`${each.path} ${each.expected}`}>
              <code>{each.path === '' ? 'the whole input' : each.path}</code>: expected {each.expected}, received{' '}
              {each.received}
            </li>
          ))}
        </ul>
      )}
      <dl class="facts facts-inline">
        <dt>Must act</dt>
        <dd>{BLAME_WORDS[blame]}</dd>
        <dt>Code</dt>
        <dd>
          <code>{code}</code>
          {typeof reason === 'string' ? (
            <>
              {' '}
              (<code>{reason}</code>)
            </>
          ) : null}
        </dd>
        {effect === 'maybe' && problem.status !== 0 ? (
          <>
            <dt>Effect</dt>
            <dd>The remote system may have acted</dd>
          </>
        ) : null}
        {attempts === undefined ? null : (
          <>
            <dt>Tries</dt>
            <dd>{attempts}</dd>
          </>
        )}
        {retryable ? (
          <>
            <dt>Again</dt>
            <dd>{retryAfterMs === undefined ? 'may work later' : `after ${formatMs(retryAfterMs)}`}</dd>
          </>
        ) : null}
      </dl>
    </section>
  );
}
