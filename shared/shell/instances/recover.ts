import type { RecoverInstance } from '#events/commands.ts';
import type { InstanceFact, InstanceRequest, InstanceState } from '#shared/domain/instance-recovery/instance.ts';
import { foldInstanceAnswer, type Open, stepOf } from '#shared/domain/instance-recovery/settle.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import type { Answer, StateWrite } from '#shared/ports.ts';
import type { Delivery, Services } from '#shared/services.ts';
import { loadInstance } from '#shared/state/instances.ts';
import type { Loaded } from '#shared/state/items.ts';
import { segmentOf } from '../live.ts';
import { commitInstance, sendInstanceCommands } from './commit.ts';
import { type InstanceReading, lookAtInstance } from './look.ts';

const MAX_RACES = 8;
/** A request that is this late, for want of a token, rests on what may not be true any more. */
const LEAVE_WITHIN_MS = 10_000;

/**
 * Takes one step of an instance's incident: look, decide, commit, ask Nova, record its answer, send what comes next. A
 * message whose tick is not the incident's is a repeat: if it was received before, the state's command is sent again.
 */
export async function recoverOne(
  services: Services,
  { message, redelivered }: Delivery<RecoverInstance>,
): Promise<void> {
  for (let race = 0; race < MAX_RACES; race += 1) {
    const loaded = await loadInstance(services.state, message.instanceId);
    const { incident } = loaded.value;
    if (incident?.id !== message.incidentId) return;
    if (incident.tick !== message.tick) {
      if (redelivered) await sendInstanceCommands(services, loaded.value);
      return;
    }
    try {
      const done = await takeStep(services, { ...loaded, value: { ...loaded.value, incident } });
      await sendInstanceCommands(services, done.value);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new RetryableError(`instance ${message.instanceId} lost ${MAX_RACES} races`);
}

async function takeStep(services: Services, loaded: Loaded<Open>): Promise<Loaded<InstanceState>> {
  const { policy, clock } = services;
  const { value: state } = loaded;
  const segment = segmentOf(services, state.incident.segment);
  const reading = await lookAtInstance(services, state, segment);
  const sight = 'outage' in reading ? reading : reading.sight;
  const atMs = clock.now();
  const rules = { policy, segment };
  const facts = stepOf(state, sight, rules, atMs);
  const intent = facts.find((fact) => fact.type === 'instance-request-intended');
  const besides = 'outage' in reading ? [] : writesWith(facts, state, reading);
  const committed = await commitInstance(services, loaded, {
    facts,
    basis: { by: 'instance-look', atMs, sight },
    besides,
  });
  return intent === undefined ? committed : ask(services, committed, intent.request);
}

/**
 * An intent rests on what was read, and takes its ticket; what goes on with a move belongs to where it began. One that a
 * person must look at has failed as well.
 */
function writesWith(
  facts: readonly InstanceFact[],
  { incident }: Open,
  { unchanged, destinationUnchanged, ticket }: InstanceReading,
): readonly StateWrite[] {
  const intent = facts.find((fact) => fact.type === 'instance-request-intended');
  const to = intent?.request.destination;
  if (to != null) return [...unchanged, ...destinationUnchanged, ticket(to)];
  if (intent !== undefined) return incident.moved === null ? [...unchanged, ticket()] : unchanged;
  return facts.some((fact) => fact.type === 'instance-incident-closed' && fact.outcome === 'person') ? [ticket()] : [];
}

/** The one request of this intent, and what became of it (A1). */
async function ask(
  services: Services,
  intended: Loaded<InstanceState>,
  request: InstanceRequest,
): Promise<Loaded<InstanceState>> {
  const answer = await send(services, intended.value.id, request, services.clock.now() + LEAVE_WITHIN_MS);
  let loaded = intended;
  for (let race = 0; race < MAX_RACES; race += 1) {
    const [atMs, random] = [services.clock.now(), services.chance.random()];
    const fact: InstanceFact = foldInstanceAnswer(loaded.value, request, answer, atMs, random);
    try {
      return await commitInstance(services, loaded, { facts: [fact], basis: { by: 'instance-answer', atMs, random } });
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      // A report came in between.
      loaded = await loadInstance(services.state, intended.value.id);
    }
  }
  throw new RetryableError(`instance ${intended.value.id} lost ${MAX_RACES} races`);
}

function send({ compute }: Services, id: string, request: InstanceRequest, leaveByMs: number): Promise<Answer> {
  const move = { host: request.destination ?? null, leaveByMs };
  switch (request.ask) {
    case 'reboot':
      return compute.rebootHard(id, leaveByMs);
    case 'reset-state':
      return compute.resetStateToActive(id, leaveByMs);
    case 'migrate':
      return compute.migrate(id, move);
    case 'confirm-resize':
      return compute.confirmResize(id, leaveByMs);
    case 'live-migrate':
      return compute.liveMigrate(id, move);
  }
}
