import { hostKeyOf } from '#shared/domain/host.ts';
import type { ComputeService } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { findHost } from '#shared/shell/known-hosts.ts';

/** A compute host of this cloud, and the segment that holds it. */
export interface Named {
  readonly host: string;
  readonly key: string;
  /** Null when none does; or by what the mirror has not seen yet. */
  readonly segment: string | null;
}

/** Names that the mirror does not have are asked of Nova at most this often, however many of them come. */
const ASK_EVERY_MS = 5_000;
interface Asked {
  readonly atMs: number;
  readonly hosts: Promise<ReadonlyMap<string, ComputeService>>;
}
const asked = new WeakMap<object, Asked>();

/**
 * Undefined only when Nova itself says that it has no such host: the mirror may be a minute behind.
 * @throws RetryableError, PermanentError when that can't be told now
 */
export async function knownHost(services: Services, host: string): Promise<Named | undefined> {
  const found = await findHost(services, { host });
  if ('known' in found) return { host, key: found.known.key, segment: found.known.segment };
  const { name: cloud, region } = services.policy.cloud;
  const service = (await hostsOfNova(services)).get(host);
  return service && { host, key: hostKeyOf(cloud, region, service.id), segment: null };
}

function hostsOfNova({ compute, state, clock }: Services): Asked['hosts'] {
  const nowMs = clock.now();
  const before = asked.get(state);
  if (before !== undefined && nowMs - before.atMs < ASK_EVERY_MS) return before.hosts;
  const hosts = compute.services().then((all) => new Map(all.map((service) => [service.host, service])));
  asked.set(state, { atMs: nowMs, hosts });
  // A failure is not kept.
  hosts.catch(() => asked.delete(state));
  return hosts;
}
