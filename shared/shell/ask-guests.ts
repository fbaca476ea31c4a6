import { BlockList, isIP } from 'node:net';
import type { TaskBasis } from '#shared/domain/basis.ts';
import type { HostState } from '#shared/domain/host.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { TaskState } from '#shared/domain/task.ts';
import { gateOf, guestAnswer, guestsToAsk } from '#shared/domain/tiers.ts';
import type { GuestQuestion, Server } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import type { Loaded } from '#shared/state/items.ts';
import { orOutage } from './live.ts';
import { changeTasks, type TasksNow } from './settle-tasks.ts';

/** So many are asked in one look: each may take seconds. */
const AT_ONCE = 20;

type Gate = Segment['order']['gate'];
type GuestBasis = Extract<TaskBasis, { by: 'guest' }>;

/** Asks guests that are back whether they are up, as far as a later tier waits for that. Who answers is on record. */
export async function askGuests(
  services: Services,
  host: Loaded<HostState>,
  tasks: readonly Loaded<TaskState>[],
  segment: Segment,
): Promise<TasksNow> {
  const { clock } = services;
  const values = tasks.map((task) => task.value);
  const asked = guestsToAsk(values, segment.order, clock.now()).slice(0, AT_ONCE);
  if (asked.length === 0) return { tasks, changed: false };
  const found = await Promise.all(
    asked.map(
      async ({ instanceId, tier }): Promise<readonly [string, GuestBasis | undefined]> => [
        instanceId,
        await askGuest(services, instanceId, gateOf(segment.order, tier ?? 0)),
      ],
    ),
  );
  const bases = new Map(found);
  return changeTasks(services, host, tasks, ({ instanceId }) => {
    const basis = bases.get(instanceId);
    if (basis === undefined) return undefined;
    return { facts: guestAnswer(basis.status, basis.silent, basis.asked, basis.atMs), basis };
  });
}

/** Undefined when Nova does not tell where it is: the next look asks again. */
async function askGuest(
  { compute, guests, clock }: Services,
  instanceId: string,
  gate: Gate,
): Promise<GuestBasis | undefined> {
  const seen = await orOutage(compute.server(instanceId));
  if ('outage' in seen) return undefined;
  const server = seen.value;
  const question = server?.status === 'ACTIVE' ? questionFor(server, gate) : undefined;
  const silent = question === undefined ? null : ((await guests.ask(question)) ?? null);
  const asked = question === undefined ? null : `${question.by} ${question.port} at ${question.address}`;
  return { by: 'guest', atMs: clock.now(), status: server?.status ?? null, asked, silent };
}

/** At its first address in the policy's ranges, a floating one before the others; undefined when it has none. */
function questionFor({ addresses }: Server, { by, port, path, ranges = [] }: Gate): GuestQuestion | undefined {
  if ((by !== 'tcp' && by !== 'http') || port === undefined) return undefined;
  const allowed = new BlockList();
  for (const range of ranges) {
    const [net = '', prefix = ''] = range.split('/');
    allowed.addSubnet(net, Number(prefix), isIP(net) === 6 ? 'ipv6' : 'ipv4');
  }
  const fit = addresses.filter(({ address }) => {
    const version = isIP(address);
    return version !== 0 && allowed.check(address, version === 6 ? 'ipv6' : 'ipv4');
  });
  const address = (fit.find(({ kind }) => kind === 'floating') ?? fit[0])?.address;
  return address === undefined ? undefined : { by, address, port, path };
}
