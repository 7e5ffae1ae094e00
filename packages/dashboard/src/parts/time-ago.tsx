import { useNow } from './use-now.ts';
import { formatSpan } from './words.ts';

const EXACT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** How long ago a moment was; exactly when, where one points. */
export function TimeAgo({ at, suffix = ' ago' }: { readonly at: string; readonly suffix?: string }) {
  const now = useNow();
  const moment = new Date(at);
  return (
    <time dateTime={at} title={EXACT.format(moment)}>
      {formatSpan(now - moment.getTime())}
      {suffix}
    </time>
  );
}

/** A moment in full. */
export function ExactTime({ at }: { readonly at: string }) {
  return <time dateTime={at}>{EXACT.format(new Date(at))}</time>;
}
