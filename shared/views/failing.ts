import type { CloudView } from '#shared/domain/forecast/view.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { domainsOf, segmentsOf } from '#shared/domain/segments.ts';
import { PermanentError } from '#shared/errors.ts';
import type { StateReader } from '#shared/ports.ts';
import { loadRound } from '#shared/state/rounds.ts';

/** What is taken to fail: these hosts together, or all of a failure domain of the policy, of a zone, or of a segment. */
export type Failing =
  | { readonly hosts: readonly string[] }
  | { readonly rack: string }
  | { readonly zone: string }
  | { readonly segment: string };

/** @throws PermanentError when nothing is meant by it. */
export function hostsOf(failing: Failing, { services, aggregates }: CloudView, policy: Policy): readonly string[] {
  if ('hosts' in failing) {
    const all = new Set(services.map(({ host }) => host));
    const unknown = failing.hosts.find((host) => !all.has(host));
    if (unknown === undefined) return failing.hosts;
    throw new PermanentError(`no host ${unknown} is known: "openstack compute service list" shows them`);
  }
  const found = services.filter((service) => {
    if ('zone' in failing) return service.zone === failing.zone;
    if ('rack' in failing) return domainsOf(policy, service.host, aggregates).includes(failing.rack);
    return segmentsOf(policy, service, aggregates).some(({ name }) => name === failing.segment);
  });
  if (found.length > 0) return found.map(({ host }) => host);
  if ('zone' in failing) throw new PermanentError(`no host is in the zone ${failing.zone}`);
  if ('segment' in failing) throw new PermanentError(`no host is in the segment ${failing.segment}: "salvor segments"`);
  throw new PermanentError(
    `no host is in the failure domain ${failing.rack}: failureDomains of the policy says what names them`,
  );
}

/** When all instances had been listed last, in Unix ms; null while not all of them have been. */
export async function listedAtMs(state: StateReader, policy: Policy): Promise<number | null> {
  return (await loadRound(state, 'mirror-instances', policy.cloud))?.value.wholeAtMs ?? null;
}

/** @throws PermanentError while not all instances have been listed */
export async function mirroredAtMs(state: StateReader, policy: Policy): Promise<number> {
  const wholeAtMs = await listedAtMs(state, policy);
  if (wholeAtMs !== null) return wholeAtMs;
  throw new PermanentError(NOT_YET);
}

export const NOT_YET =
  'not all instances are mirrored yet: wait for forecast.everySeconds of the policy, or ask "salvor what-if --live"';
