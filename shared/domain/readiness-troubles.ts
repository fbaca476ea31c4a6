import type { Within } from './access.ts';
import { isNear, whenItEnds } from './ending.ts';
import type { HostReadiness } from './readiness.ts';

export interface Trouble {
  readonly host: string;
  readonly because: string;
}

export interface Troubles {
  /** None of their levels would fence them. */
  readonly notFenceable: readonly Trouble[];
  /** They could be fenced, but one of several devices does not answer, or a certificate or credentials end soon. */
  readonly weak: readonly Trouble[];
}

/** What people must know of. Who is in maintenance is in somebody's hands, and would not be fenced. */
export function troublesOf(hosts: readonly HostReadiness[], within: Within, nowMs: number): Troubles {
  const inService = hosts.filter(({ outOfService, state }) => !outOfService && state !== 'not-asked');
  const notFenceable = inService.flatMap(({ host, state, because }) =>
    state === 'not-ready' ? [{ host, because }] : [],
  );
  const weak = inService.flatMap((each): readonly Trouble[] => {
    if (each.state === 'not-ready') return [];
    const reasons = [
      ...(each.state === 'degraded' ? [each.because] : []),
      ...endingOf(each, within.certificateDays, nowMs),
      ...accountsOf(each, within.credentialDays, nowMs).map(({ says }) => says),
    ];
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

/** What devices tell of salvor's accounts that end within so many days, or are no good already. */
export const accountsOf = (
  { devices }: HostReadiness,
  withinDays: number,
  nowMs: number,
): readonly { readonly says: string; readonly isOver: boolean }[] =>
  devices.flatMap(({ address, account }) => {
    if (account === undefined) return [];
    const { endsAtMs, trouble } = account;
    const because = [
      ...(isNear(endsAtMs, withinDays, nowMs) ? [whenItEnds('end', endsAtMs, nowMs)] : []),
      ...(trouble === null ? [] : [`is about to fail: ${trouble}`]),
    ];
    if (because.length === 0) return [];
    const says = `the account of ${address} ${because.join(', ')}; change its password or token there and in the secret`;
    return [{ says, isOver: endsAtMs !== null && endsAtMs < nowMs }];
  });
