import type { SourceNews, TurnedAway, WebhookNews } from '../events/host-events.ts';
import { HostEvents } from '../events/host-events.ts';
import type { HostLog } from './host-log.ts';
import { recordFields } from './record-fields.ts';
import { seldom } from './seldom.ts';

/** The host's news, of which the log is told what connectors say, and that their workers died. */
export function openLoggedEvents(log: HostLog, tellFault: (fault: unknown, at: string) => void): HostEvents {
  const events = new HostEvents((fault, event) => tellFault(fault, `the news "${event}" was told`));
  events.on('log', (record) => log[record.level](recordFields(record), record.message));
  events.on('crash', (connector, error) => log.warn({ connector, reason: error.details?.['reason'] }, error.message));
  events.on('health', (connector, status) =>
    log.debug({ connector, event: 'health_check', status }, `a health check of "${connector}" found it ${status}`),
  );
  events.on('sourced', ({ operation, failed, reachOnly: _reachOnly, ...found }) => {
    // The reading of the file is told where it is read, with what is wrong with it.
    if (operation === 'rescan' && !failed)
      log.info({ event: 'rescan', ...found }, `the packages were looked at again: ${describePackages(found)}`);
  });
  events.on('circuit', (connector, state, error) => {
    if (state === 'open')
      log.warn(
        { connector, event: 'circuit_open', reason: error?.message, code: error?.code },
        `the circuit of "${connector}" is open: its remote system fails, and gets no calls for a while`,
      );
    if (state === 'closed')
      log.info({ connector, event: 'circuit_closed' }, `the circuit of "${connector}" is closed again`);
  });
  events.on('heldBack', (connector, reason) =>
    log.warn(
      { connector, event: 'held_back', reason },
      `connector "${connector}" goes on as it was: a change is held back`,
    ),
  );
  const tell = seldom(SELDOM_MS, ({ door, reason, address }: TurnedAway) =>
    log.warn({ event: 'sign_in_failed', door, reason, address }, 'a caller was turned away, as it did not sign in'),
  );
  const tellFailed = seldom(SELDOM_MS, ({ connector, error }: WebhookNews) =>
    log.warn(
      { connector, event: 'webhook_failed', code: error?.code, reason: error?.message },
      `a webhook for "${connector}" could not be taken, and its sender was asked to send it again`,
    ),
  );
  const tellRefused = seldom(SELDOM_MS, ({ connector }: WebhookNews) =>
    log.warn({ connector, event: 'webhook_refused' }, 'a webhook was refused, as it was not genuine'),
  );
  events.on('webhook', (news) => {
    const { connector, outcome, delivery, action, execution } = news;
    if (outcome === 'failed') tellFailed(connector ?? '', news);
    else if (outcome === 'refused') tellRefused(connector ?? '', news);
    else
      log.debug(
        { connector, event: 'webhook', outcome, delivery, action, execution },
        `a webhook for "${connector}" came`,
      );
  });
  events.on('turnedAway', (caller) => tell(`${caller.door} ${caller.reason}`, caller));
  return events;
}

/** `@acme/x 1.0.0 → 1.1.0`, and what came and went. */
function describePackages({ packages }: Pick<SourceNews, 'packages'>): string {
  if (packages.length === 0) return 'nothing has changed';
  const of = (sign: '+' | '-'): ReadonlyMap<string, string> =>
    new Map(
      packages
        .filter((each) => each.startsWith(sign))
        .map((each) => [each.slice(2, each.lastIndexOf('@')), each.slice(each.lastIndexOf('@') + 1)]),
    );
  const [gone, come] = [of('-'), of('+')];
  return [...new Set([...gone.keys(), ...come.keys()])]
    .map((name) => {
      const [before, after] = [gone.get(name), come.get(name)];
      if (before !== undefined && after !== undefined) return `${name} ${before} → ${after}`;
      return after === undefined ? `${name} ${before ?? ''} is gone` : `${name} ${after} is new`;
    })
    .join(', ');
}

/** Callers can fail as often as they like: each kind is told at most once in so many milliseconds. */
const SELDOM_MS = 10_000;

/** Tells of what failed in the host itself, which goes on. `at` completes "a fault of the host, as …". */
export function faultTeller(log: HostLog): (fault: unknown, at: string) => void {
  return (fault, at) => log.error({ err: fault }, `a fault of the host, as ${at}`);
}
