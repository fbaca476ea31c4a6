import { isMaintenance } from '../gates/of-host.ts';
import type { IncidentStatus } from '../host.ts';
import type { InstanceRecovery } from '../policy-instances.ts';
import type { Hold, HoldName } from './instance.ts';
import type { InstanceSight } from './sight.ts';

const hold = (name: HoldName, because: string): Hold => ({ hold: name, because });

/** The host is confirmed down, or was: its incident brings its instances back. */
export const isTakenOver = (status: IncidentStatus | null): boolean =>
  status !== null && status !== 'suspected' && status !== 'held';

/** What keeps anything from being asked for an instance of this host now. */
export function holdsOfHost({ hostIncident, service, disarmed, stopped }: InstanceSight): readonly Hold[] {
  const holds: Hold[] = [];
  // First of all: a restart must not get in the way of an evacuation.
  if (hostIncident !== null) holds.push(hold('host-incident', `its host has an incident, which is ${hostIncident}`));
  if (service === null) holds.push(hold('host-service', 'Nova knows no nova-compute service of its host'));
  else if (isMaintenance(service))
    holds.push(
      hold(
        'host-service',
        `its host is disabled in Nova (${service.disabledReason ?? 'no reason given'}): maintenance`,
      ),
    );
  else if (service.forcedDown || service.state === 'down')
    holds.push(hold('host-service', `Nova sees its host ${service.forcedDown ? 'forced down' : 'down'}`));
  if (disarmed !== null) holds.push(hold('armed', disarmed));
  if (stopped !== null) holds.push(hold('segment-not-stopped', `the segment is stopped: ${stopped}`));
  return holds;
}

/** Too many at once are no failures of instances. */
export function stormHolds(
  { othersOnHost, othersOfSegment }: InstanceSight,
  { maxPerHost, maxPerSegment, windowSeconds }: InstanceRecovery,
): readonly Hold[] {
  const words = (others: number, where: string, limit: number): string =>
    `${others + 1} instances of ${where} fail within ${windowSeconds} s; at most ${limit}`;
  return [
    ...(othersOnHost + 1 > maxPerHost
      ? [hold('host-storm', `${words(othersOnHost, 'its host', maxPerHost)}: the host is sick`)]
      : []),
    ...(othersOfSegment + 1 > maxPerSegment
      ? [hold('segment-storm', words(othersOfSegment, 'its segment', maxPerSegment))]
      : []),
  ];
}

/** What changed in their numbers is in the state, and not worth a record. */
export const sameHolds = (a: readonly Hold[], b: readonly Hold[]): boolean =>
  a.map((each) => each.hold).join() === b.map((each) => each.hold).join();
