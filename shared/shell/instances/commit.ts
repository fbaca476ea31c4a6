import type { InstanceBasis } from '#shared/domain/basis.ts';
import { commandsOfInstance } from '#shared/domain/instance-recovery/commands.ts';
import type { InstanceFact, InstanceState } from '#shared/domain/instance-recovery/instance.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { instanceWrites } from '#shared/state/instances.ts';
import { type Loaded, versionAfter } from '#shared/state/items.ts';
import { recordedBasis } from '../policy-on-record.ts';

export interface InstanceDecision {
  readonly facts: readonly InstanceFact[];
  readonly basis: InstanceBasis;
  /** Other items that must be as they were read, or be written with it. */
  readonly besides?: readonly StateWrite[];
}

/** @throws ConflictError when somebody else has written the instance, or anything besides */
export async function commitInstance(
  services: Services,
  loaded: Loaded<InstanceState>,
  { facts, basis, besides = [] }: InstanceDecision,
): Promise<Loaded<InstanceState>> {
  const recorded = await recordedBasis(services, loaded, basis);
  const { instance, writes } = instanceWrites(loaded, facts, recorded, services.clock.now());
  await services.state.transact([...writes, ...besides]);
  logSteps(services, loaded.value, instance, facts);
  return { value: instance, version: versionAfter(loaded) };
}

export const sendInstanceCommands = (services: Services, instance: InstanceState): Promise<void> =>
  services.outbox.send(commandsOfInstance(instance, services.clock.now()));

/** Alarms look for `fact` and `outcome`: infra/cdk/incident-alarms.ts. */
function logSteps(
  { log }: Services,
  before: InstanceState,
  after: InstanceState,
  facts: readonly InstanceFact[],
): void {
  const incident = after.incident ?? before.incident;
  if (incident === null) return;
  const { id: incidentId, host } = incident;
  const common = { instanceId: after.id, host, incidentId };
  for (const fact of facts)
    switch (fact.type) {
      case 'instance-incident-opened':
        log.info(`instance ${after.id}: reported down`, { fact: fact.type, because: fact.because, ...common });
        break;
      case 'instance-held': {
        const storm = fact.holds.find(({ hold }) => hold === 'host-storm' || hold === 'segment-storm');
        const because = fact.holds.map((each) => each.because).join('; ');
        if (storm === undefined) log.info(`instance ${after.id} waits`, { fact: fact.type, because, ...common });
        else log.warn('too many instances fail at once', { fact: 'instance-storm', because: storm.because, ...common });
        break;
      }
      case 'instance-request-intended':
        log.info(`instance ${after.id}: ${fact.request.ask}`, { fact: fact.type, because: fact.because, ...common });
        break;
      case 'instance-incident-closed': {
        const { outcome, because } = fact;
        const line = `instance ${after.id}: ${outcome}`;
        if (outcome === 'person') log.warn(line, { fact: 'instance-for-a-person', outcome, because, ...common });
        else log.info(line, { fact: fact.type, outcome, because, ...common });
        break;
      }
    }
}
