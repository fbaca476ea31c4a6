import type { ComputeService } from '#shared/ports.ts';
import { asleep } from '../asleep.ts';
import { candidates, type HostsSeen } from '../destinations.ts';
import { isHealthy } from '../gates/healthy.ts';
import type { Policy, Segment } from '../policy.ts';
import { type PlannedInstance, type PlannedRecovery, planRecovery } from '../recovery.ts';
import { agedAt, toldOf } from '../restore/snapshot.ts';
import type { Signs } from '../seen.ts';
import { segmentsOf } from '../segments.ts';
import { blockersOf } from './blockers.ts';
import { Left } from './left.ts';
import { needsOf, refusedFor } from './needs.ts';
import { evacuatesAt, type Pace } from './pace.ts';
import { type Slot, timelineOf, type Wanted } from './timeline.ts';
import type { CloudView, ForecastServer, Standing, Taken } from './view.ts';

/** What would become of one instance. */
export interface ForecastInstance {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  /**
   * `comes-back`: on a host that has room. `maybe`: Nova's scheduler knows more than salvor, or somebody else is at it.
   * `from-snapshot`: the same, from its last snapshot. `stays`: it stays down. `not-protected`: nobody would touch it.
   */
  readonly outcome: 'comes-back' | 'from-snapshot' | 'maybe' | 'stays' | 'not-protected';
  /** The host; null: the scheduler chooses, or nothing is evacuated. */
  readonly destination: string | null;
  readonly because: string;
  readonly priority: number;
  readonly tier: number | null;
  /** Since the first report of the failure; null where nothing is evacuated. */
  readonly times: Slot | null;
}

/** What would become of one host. */
export interface ForecastHost {
  readonly host: string;
  readonly segment: string | null;
  /** Why it would not be fenced; then nothing of it comes back until that is seen to. */
  readonly blockers: readonly string[];
  /** Whether its instances are known. */
  readonly seen: boolean;
  /** What could not be read of them: what they need of a host may be more than is said. */
  readonly unread: readonly string[];
  /** Since the first report; null where no segment holds it. */
  readonly evacuatesAtSeconds: number | null;
}

export interface Forecast {
  readonly hosts: readonly ForecastHost[];
  /** In the order in which they would be asked for, host by host; those that stay behind them. */
  readonly instances: readonly ForecastInstance[];
}

/** What becomes of all instances of these hosts if they all fail now. Nothing is asked, and nothing is done. */
export function whatIf(
  names: readonly string[],
  view: CloudView,
  standing: Standing,
  policy: Policy,
  pace: Pace,
  nowMs: number,
): Forecast {
  const failed = view.services.filter(({ host }) => names.includes(host));
  const blockers = blockersOf(failed, view, standing, policy, nowMs);
  const hosts = failed.map((service): ForecastHost => {
    const [segment] = segmentsOf(policy, service, view.aggregates);
    return {
      host: service.host,
      segment: segment?.name ?? null,
      blockers: blockers.get(service.host) ?? [],
      seen: view.instances.has(service.host),
      unread: view.instances.get(service.host)?.unread ?? [],
      evacuatesAtSeconds: segment === undefined ? null : evacuatesAt(segment, pace),
    };
  });
  const planned = planAll(failed, agedView(view, policy, nowMs), standing, policy);
  const slots = timelineOf(
    planned.flatMap(({ service, segment, recovery }) => wantedOf(service, segment, recovery, pace)),
    pace,
    policy.global.maxEvacuationsInFlight,
  );
  /** Zones in which somebody is left. */
  const alive = new Set(
    view.services.filter((each) => isHealthy(each) && !names.includes(each.host)).map(({ zone }) => zone),
  );
  const instances = planned.flatMap(({ service, recovery }) =>
    recovery.instances.map((each) => forecastOf(service, each, slots.get(each.server.id), alive)),
  );
  return { hosts, instances };
}

/** With the snapshots as old as they are at that moment. */
function agedView(view: CloudView, { segments }: Policy, nowMs: number): CloudView {
  if (segments.every(({ instances }) => instances.restartFromSnapshot === undefined)) return view;
  const aged = (signs: Signs): Signs =>
    signs.snapshot == null ? signs : { ...signs, snapshot: agedAt(signs.snapshot, nowMs) };
  const instances = [...view.instances].map(([host, of]) => {
    const signs = new Map([...of.signs].map(([id, each]) => [id, aged(each)]));
    return [host, { ...of, signs }] as const;
  });
  return { ...view, instances: new Map(instances) };
}

interface Planned {
  readonly service: ComputeService;
  readonly segment: Segment;
  readonly recovery: PlannedRecovery;
}

/**
 * Host by host: each takes the room that those before it have left.
 * @param failed those of several segments and of none are left out, as nothing of them is ever evacuated
 */
export function planAll(
  failed: readonly ComputeService[],
  view: CloudView,
  { openIncidents, inHand, inFlightTo }: Taken,
  policy: Policy,
): readonly Planned[] {
  const suspects = new Set([...failed, ...openIncidents].map(({ host }) => host));
  const left = new Left(view, suspects);
  return failed.flatMap((service): readonly Planned[] => {
    const [segment, another] = segmentsOf(policy, service, view.aggregates);
    const own = view.instances.get(service.host);
    if (segment === undefined || another !== undefined || own === undefined) return [];
    const { destinations } = segment;
    const seen: HostsSeen = {
      ...left.around(service.zone),
      aggregates: view.aggregates,
      failed: { host: service.host, zone: service.zone },
      suspects,
      inFlightTo,
      isInSegment: (each, aggregates) => segmentsOf(policy, each, aggregates).includes(segment),
    };
    const sleeping = asleep(seen, destinations).filter(({ host }) => !inHand.has(host));
    const recovery = planRecovery({
      segment,
      servers: own.servers,
      signs: own.signs,
      evacuations: own.evacuations,
      otherMigrations: own.otherMigrations,
      ...left.of(candidates(seen, destinations), sleeping),
      groups: destinations.serverGroups ? left.groupsOf(own) : [],
    });
    left.take(recovery);
    return [{ service, segment, recovery }];
  });
}

function wantedOf(
  { host }: ComputeService,
  segment: Segment,
  { instances }: PlannedRecovery,
  pace: Pace,
): readonly Wanted[] {
  return instances.flatMap(({ server, destination, tier, verdict }) => {
    if (destination === null || destination.to === 'nowhere') return [];
    return [
      {
        ...{ id: server.id, host, projectId: server.projectId, tier, segment },
        destination: 'host' in destination ? destination.host : null,
        readyAtSeconds: evacuatesAt(segment, pace),
        afterwardsSeconds: isRestored(verdict) ? pace.rebuildSeconds.seconds : 0,
      },
    ];
  });
}

const isRestored = (verdict: PlannedInstance['verdict']): boolean =>
  verdict.kind === 'evacuate' && verdict.restore !== undefined;

function forecastOf(
  service: ComputeService,
  planned: PlannedInstance & { readonly server: ForecastServer },
  times: Slot | undefined,
  alive: ReadonlySet<string>,
): ForecastInstance {
  const { server, priority, tier } = planned;
  const { outcome, destination, because } = becomes(service, planned, alive);
  const isAsked = outcome === 'comes-back' || outcome === 'from-snapshot' || outcome === 'maybe';
  const { id, name } = server;
  return {
    id,
    name,
    host: service.host,
    outcome,
    destination,
    because,
    priority,
    tier,
    times: isAsked ? (times ?? null) : null,
  };
}

type Becomes = Pick<ForecastInstance, 'outcome' | 'destination' | 'because'>;

function becomes(
  { zone }: ComputeService,
  { server, verdict, destination }: PlannedInstance & { readonly server: ForecastServer },
  alive: ReadonlySet<string>,
): Becomes {
  const nowhere = (outcome: Becomes['outcome'], because: string): Becomes => ({ outcome, destination: null, because });
  if (verdict.kind === 'leave')
    return nowhere(verdict.outcome === 'not-protected' ? 'not-protected' : 'stays', verdict.because);
  if (verdict.kind === 'person') return nowhere('stays', verdict.because);
  if (verdict.kind === 'watch' || destination === null) return nowhere('maybe', verdict.because);
  const refused = refusedFor(server);
  if (refused !== undefined) return nowhere('stays', refused);
  const needs = needsOf(server);
  const needed = needs.length === 0 ? '' : `; it needs ${needs.join(', ')}, which only Nova's scheduler sees`;
  switch (destination.to) {
    case 'host':
    case 'reserved-host': {
      const kept = destination.to === 'host' ? '' : '; the host is reserved, and enabled for it';
      const back = verdict.restore === undefined ? 'comes-back' : 'from-snapshot';
      const outcome = needs.length === 0 ? back : 'maybe';
      return { outcome, destination: destination.host, because: `${verdict.because}${kept}${needed}` };
    }
    case 'nowhere':
      return nowhere('stays', destination.because);
    case 'scheduler': {
      const from = verdict.restore === undefined ? '' : `; it is restarted from ${toldOf(verdict.restore)}`;
      const asked = `${destination.because}; Nova's scheduler is asked, which may count otherwise${from}${needed}`;
      if (alive.has(zone)) return nowhere('maybe', asked);
      if (alive.size === 0) return nowhere('stays', destination.because);
      if (server.pinnedZone === zone)
        return nowhere('stays', `${destination.because}; its owner has pinned it to the zone ${zone}`);
      return nowhere('maybe', `${asked}; in another zone, if its owner has not pinned it`);
    }
  }
}
