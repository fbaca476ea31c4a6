import { capacityOf, type SegmentCapacity } from '#shared/domain/forecast/capacity.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { domainsOf } from '#shared/domain/segments.ts';
import type { StateReader } from '#shared/ports.ts';
import { loadTaken, loadView } from '#shared/shell/forecast-view.ts';
import { policyInForce } from '#shared/shell/policy-in-force.ts';
import { listedAtMs } from './failing.ts';

/** What each segment would survive, and what else may be taken to fail together. */
export interface CapacityView {
  /** When all instances had been listed, in Unix ms; null: not all of them have been yet. */
  readonly listedAtMs: number | null;
  /** None while not all instances are listed. */
  readonly segments: readonly SegmentCapacity[];
  /** Failure domains of the policy that hold hosts, by name. */
  readonly racks: readonly { readonly name: string; readonly hosts: number }[];
}

/** @param own the operator's policy */
export async function capacityNow(state: StateReader, own: Policy): Promise<CapacityView> {
  const policy = await policyInForce(state, own);
  const [atMs, view, taken] = await Promise.all([
    listedAtMs(state, policy),
    loadView(state, policy.cloud),
    loadTaken(state, policy.cloud),
  ]);
  const racks = view.services.flatMap(({ host }) => domainsOf(policy, host, view.aggregates));
  return {
    listedAtMs: atMs,
    segments: atMs === null ? [] : capacityOf(view, taken, policy),
    racks: [...Map.groupBy(racks, (name) => name)]
      .map(([name, all]) => ({ name, hosts: all.length }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
