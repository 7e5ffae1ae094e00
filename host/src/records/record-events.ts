import type { HostEvents, SourceNews } from '../events/host-events.ts';
import type { AuditLog } from './audit-log.ts';
import type { AuditNews } from './audit-news.ts';
import type { Refusals } from './refusals.ts';

/** Takes down what nobody asked for at a door: changes of the file and the packages, and callers who were turned away there. */
export function recordEvents(events: HostEvents, audit: AuditLog, refusals: Refusals): void {
  events.on('sourced', (news) => {
    if (audit.recording) for (const each of newsOf(news)) audit.note(each);
  });
  events.on('readRefused', ({ door, what, principal, code }) => {
    if (audit.recording) refusals.note({ at: Date.now(), kind: 'read', operation: what, principal, door, code });
  });
  events.on('webhook', ({ connector, door, outcome, delivery, action }) => {
    if (!audit.recording) return;
    const news = { at: Date.now(), operation: 'receiveWebhook', door, connector, subject: delivery };
    if (outcome === 'refused')
      refusals.note({ ...news, kind: 'sign_in', principal: 'unknown', code: 'UNAUTHENTICATED' });
    if (outcome === 'accepted' && connector !== undefined)
      audit.note({ ...news, kind: 'execute', principal: `webhook:${connector}`, action, code: 'OK' });
  });
  events.on('turnedAway', ({ door, address, reason }) => {
    if (!audit.recording) return;
    refusals.note({
      at: Date.now(),
      kind: 'sign_in',
      operation: 'signIn',
      principal: 'unknown',
      door,
      subject: `${address}: ${reason}`,
      code: 'UNAUTHENTICATED',
    });
  });
}

function newsOf({ operation, failed, packages, reachOnly, ...ids }: SourceNews): readonly AuditNews[] {
  const all = { at: Date.now(), operation, principal: 'host', door: 'local' } as const;
  if (failed) return [{ ...all, kind: 'change', code: 'CONFIG_INVALID' }];
  const changes = (['added', 'updated', 'removed', 'heldBack'] as const).flatMap((what) =>
    ids[what].flatMap((connector): readonly AuditNews[] => {
      if (what === 'updated' && reachOnly.includes(connector)) return [];
      const code = what === 'heldBack' ? 'CONFIG_INVALID' : 'OK';
      return [{ ...all, kind: 'change', connector, subject: what, code }];
    }),
  );
  const policy: readonly AuditNews[] =
    reachOnly.length === 0
      ? []
      : [{ ...all, kind: 'change', subject: `network, which holds ${reachOnly.length} connectors`, code: 'OK' }];
  return [
    ...policy,
    ...packages.map((subject): AuditNews => ({ ...all, kind: 'plugin', subject, code: 'OK' })),
    ...changes,
  ];
}
