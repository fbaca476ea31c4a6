import type { HostEventType } from '#events/host-event.ts';
import { hasGoneBack, heardAtMsOf, isSilent, type Lease } from './heartbeats.ts';
import type { Claim, HostState } from './host.ts';
import { flaps, type StandingClaim, standingsOf } from './standings.ts';

/** One reporter's newest word on one host, for people. */
export interface ReporterRow {
  readonly reporter: string;
  readonly host: string;
  /** Of words that are neither up nor down the event's type. */
  readonly says: Claim['says'] | 'beats' | HostEventType;
  /** When it was last heard, in Unix ms. */
  readonly heardAtMs: number;
  /** What is to be seen in it; empty where all is as it should be. */
  readonly remarks: readonly string[];
}

/** What a reporter said last of a host besides up and down: of its instances, its processes, a dump. */
export type Aside = Pick<ReporterRow, 'reporter' | 'host' | 'heardAtMs'> & { readonly says: HostEventType };

/** What is on record of what was reported. */
export interface Reported {
  readonly hosts: readonly HostState[];
  readonly leases: readonly Lease[];
  readonly asides: readonly Aside[];
}

/**
 * Who said what of which host, the newest first. Reporters that disagree, flap or have fallen silent are shown as such.
 * @param claimTtlSeconds of the host's segment
 */
export function reporterRows(
  { hosts, leases, asides }: Reported,
  claimTtlSeconds: (host: HostState) => number,
  nowMs: number,
): readonly ReporterRow[] {
  const words = hosts.flatMap((host) => {
    const standings = standingsOf(host.claims, claimTtlSeconds(host), nowMs);
    return standings.map((claim) => ({
      reporter: claim.reporter,
      host: host.name,
      says: claim.says,
      heardAtMs: claim.receivedAtMs,
      remarks: remarksOn(claim, standings, host, nowMs),
    }));
  });
  const beats = leases.map((lease) => ({
    reporter: lease.reporter,
    host: lease.host,
    says: 'beats' as const,
    heardAtMs: heardAtMsOf(lease),
    remarks: isSilent(lease, nowMs)
      ? ['silent: its heartbeats have ceased']
      : hasGoneBack(lease, nowMs)
        ? ['its clock went back']
        : [],
  }));
  return [...words, ...beats, ...asides.map((aside) => ({ ...aside, remarks: [] }))].sort(
    (a, b) => b.heardAtMs - a.heardAtMs,
  );
}

function remarksOn(
  claim: StandingClaim,
  all: readonly StandingClaim[],
  { incident }: HostState,
  nowMs: number,
): readonly string[] {
  const those = (standing: StandingClaim['standing']): string =>
    all.flatMap((each) => (each.standing === standing ? [each.reporter] : [])).join(', ');
  const against =
    claim.standing === 'says up' ? those('counts') : claim.standing === 'older than an up' ? those('says up') : '';
  return [
    ...(against === '' ? [] : [`disagrees with ${against}, whose word is newer`]),
    ...(claim.standing === 'expired' && incident !== null ? ['silent: its word does not count any more'] : []),
    ...(claim.standing === 'overruled' ? ['overruled by an operator'] : []),
    ...(flaps(claim, nowMs) ? ['flaps'] : []),
  ];
}
