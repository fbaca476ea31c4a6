import type { CloudView, HostInstances } from '#shared/domain/forecast/view.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { segmentsOf } from '#shared/domain/segments.ts';
import { inTurn } from '#shared/in-turn.ts';
import type { Compute, ComputeService } from '#shared/ports.ts';
import { readForForecast } from '#shared/shell/read-beside.ts';
import { readSignsAndSnapshots } from '#shared/shell/read-signs.ts';
import { type Failing, hostsOf } from './failing.ts';

/** So many hosts, or instances, are asked for at the same time. */
const AT_ONCE = 10;

/** The cloud as Nova tells it now, with the instances of what is taken to fail. Nothing is changed. */
export async function viewOf(compute: Compute, policy: Policy, failing: Failing): Promise<CloudView> {
  const [services, hypervisors, aggregates, groups] = await Promise.all([
    compute.services(),
    compute.hypervisors(),
    compute.aggregates(),
    compute.serverGroups(),
  ]);
  const bare = { services, hypervisors, aggregates, groups, instances: new Map(), whereabouts: new Map() };
  const names = hostsOf(failing, bare, policy);
  const failed = services.filter(({ host }) => names.includes(host));
  const listed = await inTurn(
    failed,
    AT_ONCE,
    async (service) => [service.host, await listOf(compute, service, bare, policy)] as const,
  );
  const instances = new Map(listed);
  const own = new Set([...instances.values()].flatMap(({ servers }) => servers.map(({ id }) => id)));
  const others = groups
    .filter(({ members }) => members.some((member) => own.has(member)))
    .flatMap(({ members }) => members.filter((member) => !own.has(member)));
  const found = await inTurn([...new Set(others)], AT_ONCE, (id) => compute.server(id));
  const whereabouts = new Map(
    found.flatMap((server) => (server?.host == null ? [] : [[server.id, server.host] as const])),
  );
  return { ...bare, instances, whereabouts };
}

async function listOf(
  compute: Compute,
  service: ComputeService,
  { aggregates }: CloudView,
  policy: Policy,
): Promise<HostInstances> {
  const { host } = service;
  const [segment] = segmentsOf(policy, service, aggregates);
  const [servers, evacuations, otherMigrations] = await Promise.all([
    compute.serversOn(host),
    compute.evacuationsFrom(host),
    compute.unfinishedMigrationsOf(host),
  ]);
  if (segment === undefined) return { servers, signs: new Map(), evacuations, otherMigrations };
  const [signs, seen] = await Promise.all([
    readSignsAndSnapshots(compute, host, servers, segment.instances, Date.now()),
    readForForecast(compute, host, servers),
  ]);
  return { ...seen, signs, evacuations, otherMigrations };
}
