import type { ConnectorInfo } from '../api/types.ts';
import { STATUS_WORDS } from './words.ts';

/** A status in words; the mark beside it has a shape as well as a colour, for those who see no colours. */
export function StatusText({ status }: { readonly status: ConnectorInfo['status'] }) {
  return (
    <span class={`status status-${status}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        {MARKS[status]}
      </svg>
      {STATUS_WORDS[status]}
    </span>
  );
}

const MARKS = {
  healthy: <circle cx="6" cy="6" r="4.5" />,
  unhealthy: <path d="M6 .8 11.6 11H.4Z" />,
  unavailable: <path d="M1.5 4.5h9v3h-9Z" />,
  unknown: <circle cx="6" cy="6" r="3.8" class="hollow" />,
} as const;
