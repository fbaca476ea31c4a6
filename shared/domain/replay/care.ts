import type { PowerOffAnswer } from '#shared/ports.ts';
import type { CareBasis, CareFact } from '../care.ts';
import type { HostFact, HostState } from '../host.ts';
import { decideDisabling, decideDraining, endsMaintenance } from '../maintenance/decide-maintenance.ts';
import type { MaintenanceStatus } from '../maintenance/maintenance.ts';
import { decideMoveAnswer } from '../move-ends.ts';
import type { OnHost } from '../operator.ts';
import { decideOnHost } from '../operator-host.ts';
import type { Policy, Segment } from '../policy.ts';
import { decideAfterChange, powerOnAnswered } from '../return/after-change.ts';
import { decideReturn, waitsBlind } from '../return/decide-return.ts';
import { decideHome } from '../return/home.ts';
import type { Returning } from '../return/returning.ts';
import { CannotDecide } from './cannot-decide.ts';

type FactOf<T extends CareFact['type']> = Extract<CareFact, { type: T }>;

const BASES: Readonly<Record<CareBasis['by'], true>> = {
  return: true,
  'return-blind': true,
  'power-on': true,
  'service-change': true,
  home: true,
  move: true,
  disable: true,
  drain: true,
  'maintenance-over': true,
  'host-command': true,
};
export const isCareBasis = (basis: { readonly by: string }): basis is CareBasis => Object.hasOwn(BASES, basis.by);

/** What is decided of a host on its way back, or in maintenance, on what was recorded. */
export function decideCareAgain(
  host: HostState,
  facts: readonly HostFact[],
  basis: CareBasis,
  policy: Policy,
): readonly HostFact[] {
  const find = <T extends CareFact['type']>(type: T): FactOf<T> => {
    const found = facts.find((fact): fact is FactOf<T> => fact.type === type);
    if (found === undefined) throw new CannotDecide('the answer is not recorded');
    return found;
  };
  const { atMs } = basis;
  switch (basis.by) {
    case 'return':
      return decideReturn(host, returningOf(host), basis.sight, rulesOf(host, policy), basis.random).facts;
    case 'return-blind':
      return waitsBlind(returningOf(host), basis.outage, atMs).facts;
    case 'power-on': {
      const { returnId, attempt, answer: kind, detail, durationMs } = find('power-on-answered');
      const answer: PowerOffAnswer = { kind, detail, durationMs };
      const rules = { segment: segmentOf(policy, basis.segment) };
      return [powerOnAnswered(host, returnId, attempt, answer, rules, atMs, basis.random)];
    }
    case 'service-change': {
      const rules = { segment: segmentOf(policy, basis.segment) };
      return decideAfterChange(host, find('service-change-answered'), basis.service, rules, atMs, basis.random);
    }
    case 'home': {
      const returning = returningOf(host);
      if (returning.status !== 'going-home') throw new CannotDecide(`the return is ${returning.status}`);
      return decideHome(returning, basis.sight, rulesOf(host, policy), basis.random);
    }
    case 'move':
      return decideMoveAnswer(host, find('move-answered'), policy, atMs, basis.random);
    case 'disable':
      return decideDisabling(host, inStatus(host, 'disabling'), basis.service, atMs, basis.random).facts;
    case 'drain':
      return decideDraining(inStatus(host, 'draining'), basis.sight, policy.maintenance, basis.random);
    case 'maintenance-over': {
      if (host.maintenance == null) throw new CannotDecide('it is not in maintenance');
      return endsMaintenance(host, host.maintenance, null, basis, atMs);
    }
    case 'host-command': {
      const said = { version: 1, time: new Date(basis.askedAtMs).toISOString(), hostKey: host.key };
      const decided = decideOnHost({ ...said, ...basis.command } as OnHost, host, basis.segment, atMs);
      return 'refused' in decided ? [] : decided.facts;
    }
  }
}

function returningOf({ returning }: HostState): Returning {
  if (returning == null) throw new CannotDecide('it is not on its way back');
  return returning;
}

function inStatus<S extends MaintenanceStatus>({ maintenance }: HostState, status: S) {
  if (maintenance?.status !== status) throw new CannotDecide(`the maintenance is ${maintenance?.status ?? 'over'}`);
  return maintenance as Extract<typeof maintenance, { status: S }>;
}

const rulesOf = (host: HostState, policy: Policy) => ({
  policy,
  segment: segmentOf(policy, host.returning?.segment ?? null),
});

const segmentOf = ({ segments }: Policy, name: string | null): Segment | null =>
  segments.find((each) => each.name === name) ?? null;
