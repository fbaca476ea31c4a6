import type { RecordedGroup } from '#shared/domain/placed-groups.ts';
import { placedGroup } from '#shared/domain/placed-groups.ts';
import type { Compute, ServerGroup } from '#shared/ports.ts';

/** So many instances are asked for at the same time. */
const AT_ONCE = 10;

/**
 * Server groups of some instances of a host, with the hosts of their other members, by instance.
 * @param known others of the same incident, which knows itself where they are
 * @throws as the reads of the port `Compute`
 */
export async function readGroups(
  compute: Compute,
  failedHost: string,
  instances: readonly string[],
  known: ReadonlySet<string>,
): Promise<ReadonlyMap<string, RecordedGroup>> {
  const own = new Set(instances);
  const groups = (await compute.serverGroups()).filter(({ members }) => members.some((member) => own.has(member)));
  const others = new Set(
    groups.flatMap(({ members }) => members.filter((member) => !own.has(member) && !known.has(member))),
  );
  const whereabouts = await hostsOf(compute, [...others], failedHost);
  return new Map(
    groups.flatMap((group) =>
      group.members
        .filter((member) => own.has(member))
        .map((member) => [member, recorded(group, whereabouts)] as const),
    ),
  );
}

function recorded(group: ServerGroup, whereabouts: ReadonlyMap<string, string>): RecordedGroup {
  const { id, policy, maxPerHost, on } = placedGroup(group, whereabouts);
  return { id, policy, maxPerHost, on };
}

/** Those that are on the failed host are left out: they will have to go somewhere else themselves. */
async function hostsOf(
  compute: Compute,
  ids: readonly string[],
  failedHost: string,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const servers = await Promise.all(ids.slice(from, from + AT_ONCE).map((id) => compute.server(id)));
    for (const server of servers)
      if (server?.host != null && server.host !== failedHost) found.set(server.id, server.host);
  }
  return found;
}
