import type { AuditRecord } from '#shared/domain/audit.ts';
import { type HostState, hostKeyOf } from '#shared/domain/host.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { readStream } from '#shared/state/read-audit.ts';
import type { OpenStackApi } from './api.ts';
import type { RigPipeline } from './pipeline.ts';
import { until } from './poll.ts';
import { serviceOf } from './services.ts';

export type ToldFact = AuditRecord['fact'];

/** By what salvor's state and audit know a host. */
export async function keyOf({ policy }: RigPipeline, admin: OpenStackApi, host: string): Promise<string> {
  return hostKeyOf(policy.cloud.name, policy.cloud.region, (await serviceOf(admin, host)).id);
}

/**
 * All that was decided in one stream of the audit.
 * @throws Error when a record of it does not follow from the one before
 */
export async function factsOf({ embedded }: RigPipeline, stream: string): Promise<readonly ToldFact[]> {
  const { records, fault } = await readStream(embedded.state, stream);
  if (fault !== undefined) throw new Error(`${stream}: ${fault}`);
  return records.map(({ fact }) => fact);
}

/** Waits until what salvor knows of a host is as wanted. */
export async function untilHost(
  what: string,
  { embedded }: RigPipeline,
  key: string,
  wanted: (state: HostState) => boolean,
): Promise<HostState> {
  return until(what, async () => {
    const state = (await loadHost(embedded.state, key))?.value;
    return state !== undefined && wanted(state) ? state : undefined;
  });
}
