import type { HostEvents, SourceNews } from '../events/host-events.ts';
import type { AuditLog } from './audit-log.ts';
import type { AuditNews } from './audit-news.ts';

/** Callers who are turned away are recorded one by one up to so many a second; of more only the number, as they could crowd out all other records. */
const TURNED_AWAY_PER_SECOND = 20;

/** Takes down what nobody asked for at a door: changes of the file and the packages, and callers who were turned away there. */
export function recordEvents(events: HostEvents, audit: AuditLog): void {
  events.on('sourced', (news) => {
    if (audit.recording) for (const each of newsOf(news)) audit.note(each);
  });
  let second = 0;
  let inSecond = 0;
  let untold = 0;
  events.on('turnedAway', ({ door, address, reason }) => {
    if (!audit.recording) return;
    const at = Date.now();
    const now = Math.floor(at / 1000);
    if (now !== second) [second, inSecond] = [now, 0];
    inSecond += 1;
    if (inSecond > TURNED_AWAY_PER_SECOND) {
      untold += 1;
      return;
    }
    const more = untold === 0 ? '' : `, and ${untold} others before`;
    untold = 0;
    audit.note({
      at,
      kind: 'sign_in',
      operation: 'signIn',
      principal: 'unknown',
      door,
      subject: `${address}: ${reason}${more}`,
      code: 'UNAUTHENTICATED',
    });
  });
}

function newsOf({ operation, failed, packages, ...ids }: SourceNews): readonly AuditNews[] {
  const all = { at: Date.now(), operation, principal: 'host', door: 'local' } as const;
  if (failed) return [{ ...all, kind: 'change', code: 'CONFIG_INVALID' }];
  const changes = (['added', 'updated', 'removed', 'heldBack'] as const).flatMap((what) =>
    ids[what].map((connector): AuditNews => {
      const code = what === 'heldBack' ? 'CONFIG_INVALID' : 'OK';
      return { ...all, kind: 'change', connector, subject: what, code };
    }),
  );
  return [...packages.map((subject): AuditNews => ({ ...all, kind: 'plugin', subject, code: 'OK' })), ...changes];
}
