import { decideSilence, type Lease, silenceOf } from '#shared/domain/heartbeats.ts';
import { ConflictError } from '#shared/errors.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { leaseRemoval, leaseWrite, loadHearing, loadLeases, type Region } from '#shared/state/heartbeats.ts';
import type { Loaded } from '#shared/state/items.ts';
import { findHost } from './known-hosts.ts';

/** That silence is withheld is logged this often, in each process. */
const TELL_AGAIN_MS = 60_000;
const told = new WeakMap<object, number>();

/**
 * Says `host.down` of every host whose heartbeats have ceased, and again while they do not come. Says nothing, but in the
 * log, while it may be salvor that hears nothing.
 * @returns of how many hosts it was said
 */
export async function lookForSilence(services: Services): Promise<number> {
  const { state, policy, clock, chance, outbox, log } = services;
  const region: Region = { cloud: policy.cloud.name, region: policy.cloud.region };
  const [leases, hearing] = await Promise.all([loadLeases(state, region), loadHearing(state, region)]);
  const nowMs = clock.now();
  const { say, withheld, forget } = decideSilence(
    leases.map(({ value }) => value),
    hearing?.value,
    policy,
    nowMs,
  );
  if (withheld.length > 0 && nowMs - (told.get(state) ?? 0) >= TELL_AGAIN_MS) {
    told.set(state, nowMs);
    for (const fields of withheld) log.warn('hosts are silent, and it is not said of them', fields);
  }
  const known = await Promise.all(say.map(async (lease) => 'known' in (await findHost(services, lease))));
  const silent = say.filter((_, index) => known[index]);
  const gone = [...forget, ...say.filter((_, index) => !known[index])];
  if (gone.length > 0) log.info('hosts are missed no more', { hosts: gone.map(({ host }) => host) });
  // First it is said: whoever dies in between says it again.
  await outbox.send(silent.map((lease) => ({ message: silenceOf(lease, chance.id(), nowMs), delaySeconds: 0 })));
  const loaded = (lease: Lease): Loaded<Lease> | undefined => leases.find(({ value }) => value === lease);
  const writes = [
    ...silent.map((lease) => leaseWrite(region, loaded(lease), { ...lease, saidAtMs: nowMs })),
    ...gone.map((lease) => leaseRemoval(region, { value: lease, version: loaded(lease)?.version ?? 'absent' })),
  ];
  await Promise.all(writes.map((write) => unlessRenewed(services, write)));
  if (silent.length > 0) log.info('hosts are silent', { hosts: silent.map(({ host }) => host) });
  return silent.length;
}

/** A heartbeat that came meanwhile is newer than what was read. */
async function unlessRenewed({ state }: Services, write: StateWrite): Promise<void> {
  try {
    await state.transact([write]);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}
