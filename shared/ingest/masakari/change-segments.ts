import type { MadeSegment } from '#shared/domain/made-segments.ts';
import type { OperatorFact } from '#shared/domain/operator.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import type { StateWrite, TokenOwner } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { guardWrite, loadGuard } from '#shared/state/guards.ts';
import { openHosts } from '#shared/state/hosts.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadMadeSegments, type MadeSegments, madeSegmentWrites } from '#shared/state/made-segments.ts';
import { loadOperatorHead, outcomeWrites } from '#shared/state/operator-log.ts';
import type { Call } from './call.ts';
import { conflict } from './faults.ts';

const MAX_RACES = 8;
/** Room for an operator's name and the audit's own limit on it. */
const LONGEST_NAME = 200;

export interface Change {
  readonly segment: MadeSegment;
  readonly version: Loaded<MadeSegment>['version'];
  /** What was done, for the audit. */
  readonly said: string;
  /** Of other items, in the same transaction. */
  readonly writes?: readonly StateWrite[];
}

/**
 * Changes one segment that was made here: decided on all of them as they are at that moment, with one record in the
 * operators' audit. The segment's guard is written as well, which a power-off that is being decided finds changed (S2).
 * @throws Fault from `decide`; RetryableError when others change segments all the time
 */
export async function changeSegments(
  { services, owner }: Pick<Call, 'services' | 'owner'>,
  decide: (all: MadeSegments) => Promise<Change>,
): Promise<MadeSegment> {
  const { state, policy, chance, clock } = services;
  for (let race = 0; race < MAX_RACES; race += 1) {
    const all = await loadMadeSegments(state, policy.cloud);
    const { segment, version, said, writes = [] } = await decide(all);
    const nowMs = clock.now();
    const fact: OperatorFact = {
      type: 'obeyed',
      command: 'change',
      commandId: chance.id(),
      by: nameOf(owner),
      reason: 'asked for by the Masakari API',
      on: `segment ${segment.key}`,
      said,
      incidentId: null,
      askedAtMs: nowMs,
    };
    const name = { segment: segment.key };
    const [guard, head] = await Promise.all([loadGuard(state, name), loadOperatorHead(state)]);
    try {
      await state.transact([
        ...madeSegmentWrites(policy.cloud, all, { version }, segment),
        guardWrite(name, guard, guard.value),
        ...writes,
        ...outcomeWrites(head, fact, nowMs),
      ]);
      services.log.warn(`segment ${segment.key} is changed by ${fact.by}: ${said}`, {
        fact: 'operator-obeyed',
        ...fact,
      });
      return segment;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new RetryableError(`the change of a segment lost ${MAX_RACES} races`);
}

/** Whoever uses the API, as the audit and operators' commands name them. */
export const nameOf = ({ user }: TokenOwner): string =>
  `${user.name.slice(0, LONGEST_NAME)}@${user.domain.name} (Masakari API)`.slice(0, 255);

/** @throws Fault 409 while an incident of the segment is open: Masakari changes nothing that it is working with */
export async function refuseInUse({ state }: Services, key: string, what: string): Promise<void> {
  const open = await openHosts(state, Number.MAX_SAFE_INTEGER);
  if (open.some(({ incident }) => incident?.segment === key))
    throw conflict(`${what} as it is in-use to process notifications.`);
}
