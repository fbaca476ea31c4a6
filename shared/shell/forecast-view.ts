import type { CloudView, Standing, Taken } from '#shared/domain/forecast/view.ts';
import type { Policy } from '#shared/domain/policy.ts';
import type { ComputeService, StateReader } from '#shared/ports.ts';
import { loadBeat } from '#shared/state/beat.ts';
import { asInstances, cloudPartsOf, loadCloudParts, loadForecastHosts } from '#shared/state/forecast.ts';
import { loadGuard } from '#shared/state/guards.ts';
import { openHosts } from '#shared/state/hosts.ts';
import { type InventoryHost, loadInventory } from '#shared/state/inventory.ts';
import { loadReadiness } from '#shared/state/readiness.ts';
import { inFlightElsewhere, loadTokens } from '#shared/state/tokens.ts';

interface Region {
  readonly name: string;
  readonly region: string;
}

/** The cloud as it was mirrored: hosts as they were a minute ago, instances up to `forecast.everySeconds` before. */
export async function loadView(state: StateReader, region: Region): Promise<CloudView> {
  const [inventory, cloud, hosts] = await Promise.all([
    loadInventory(state, region.name, region.region),
    loadCloudParts(state, region),
    loadForecastHosts(state, region),
  ]);
  const parts = cloudPartsOf(cloud);
  const members = new Set(parts.groups.flatMap((group) => group.members));
  return {
    ...parts,
    services: inventory.map(({ value }) => serviceOf(value)),
    instances: asInstances(hosts, parts.aggregates),
    whereabouts: new Map(
      [...hosts].flatMap(([host, { servers }]) =>
        servers.flatMap(({ id }) => (members.has(id) ? [[id, host] as const] : [])),
      ),
    ),
  };
}

/** An inventory of before is taken for one of healthy hosts. */
function serviceOf({ host, serviceId: id, zone, service }: InventoryHost): ComputeService {
  const usual = { status: 'enabled', disabledReason: null, state: 'up', forcedDown: false } as const;
  return { id, host, zone, ...usual, ...service, lastReportAtMs: null };
}

/** What of the room of others is spoken for. */
export async function loadTaken(state: StateReader, { name, region }: Region): Promise<Taken> {
  const [open, tokens] = await Promise.all([
    openHosts(state, Number.MAX_SAFE_INTEGER),
    loadTokens(state, name, region),
  ]);
  const openIncidents = open.flatMap(({ key, name: host, incident, claims, lastIncident }) =>
    incident === null
      ? []
      : [{ hostKey: key, host, segment: incident.segment, openedAtMs: incident.openedAtMs, claims, lastIncident }],
  );
  // What is open of a host is its incident, its way back or its maintenance.
  const inHand = new Set(open.map(({ name: host }) => host));
  return { openIncidents, inHand, inFlightTo: inFlightElsewhere(tokens.value, '').byDestination };
}

/** Everything that salvor has on record and would decide by. */
export async function loadStanding(state: StateReader, { cloud, segments }: Policy): Promise<Standing> {
  const [taken, readiness, guards, global, beat] = await Promise.all([
    loadTaken(state, cloud),
    loadReadiness(state, cloud),
    Promise.all(segments.map(async ({ name }) => [name, (await loadGuard(state, { segment: name })).value] as const)),
    loadGuard(state, 'global'),
    loadBeat(state),
  ]);
  return {
    ...taken,
    readiness: new Map(readiness.map(({ value }) => [value.host, value])),
    guards: new Map(guards),
    globalGuard: global.value,
    beat: beat?.value ?? null,
  };
}
