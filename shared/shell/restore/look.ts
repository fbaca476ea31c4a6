import { hostKeyOf } from '#shared/domain/host.ts';
import { newestActions } from '#shared/domain/instance-recovery/sight.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { recordServer } from '#shared/domain/recorded.ts';
import type { RestoreSight } from '#shared/domain/restore/decide.ts';
import type { Restoring } from '#shared/domain/restore/restoring.ts';
import type { ComputeService, StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { hostUnchanged, loadHost } from '#shared/state/hosts.ts';

export interface RestoreReading {
  readonly sight: Omit<RestoreSight, 'hindered'>;
  /** For the transaction of an intent: nobody has opened an incident of its new host since. */
  readonly unchanged: readonly StateWrite[];
}

/**
 * Nova first, then what is ours, consistently: an incident of the new host that was opened before an intent is committed is
 * seen, or the commit fails.
 * @param services of Nova, where they were read a moment ago
 * @throws as the reads of the port `Compute`
 */
export async function lookAtRestored(
  { compute, state, policy }: Services,
  instanceId: string,
  { destination }: Restoring,
  segment: Segment,
  services?: readonly ComputeService[],
): Promise<RestoreReading> {
  const [server, actions, service] = await Promise.all([
    compute.server(instanceId),
    compute.serverActions(instanceId),
    services === undefined ? compute.service(destination) : services.find(({ host }) => host === destination),
  ]);
  const { name: cloud, region } = policy.cloud;
  const key = service === undefined ? undefined : hostKeyOf(cloud, region, service.id);
  const host = key === undefined ? undefined : await loadHost(state, key);
  return {
    sight: {
      server: server === undefined ? null : { ...recordServer(server, segment), imageId: server.imageId },
      actions: newestActions(actions),
      service: service === undefined ? null : { state: service.state, forcedDown: service.forcedDown },
      hostIncident: host?.value.incident?.status ?? null,
    },
    unchanged: key === undefined ? [] : [hostUnchanged(key, host)],
  };
}
