import { isNear, whenItEnds } from './ending.ts';
import type { HostReadiness } from './readiness.ts';

export interface Trouble {
  readonly host: string;
  readonly because: string;
}

export interface Troubles {
  /** None of their levels would fence them. */
  readonly notFenceable: readonly Trouble[];
  /** They could be fenced, but one of several devices does not answer, or a certificate ends soon. */
  readonly weak: readonly Trouble[];
}

/** What people must know of. Who is in maintenance is in somebody's hands, and would not be fenced. */
export function troublesOf(hosts: readonly HostReadiness[], certificateDays: number, nowMs: number): Troubles {
  const inService = hosts.filter(({ outOfService, state }) => !outOfService && state !== 'not-asked');
  const notFenceable = inService.flatMap(({ host, state, because }) =>
    state === 'not-ready' ? [{ host, because }] : [],
  );
  const weak = inService.flatMap((each): readonly Trouble[] => {
    if (each.state === 'not-ready') return [];
    const reasons = [...(each.state === 'degraded' ? [each.because] : []), ...endingOf(each, certificateDays, nowMs)];
    return reasons.length === 0 ? [] : [{ host: each.host, because: reasons.join('; ') }];
  });
  return { notFenceable, weak };
}

/** The certificates that end within so many days, in words. */
export const endingOf = ({ devices }: HostReadiness, withinDays: number, nowMs: number): readonly string[] =>
  devices.flatMap(({ address, certificateExpiresAtMs: endsAtMs }) => {
    if (!isNear(endsAtMs, withinDays, nowMs)) return [];
    return [`the certificate of ${address} ${whenItEnds('expire', endsAtMs, nowMs)}`];
  });
