import type { OperatorCommand } from '#events/operator-command.ts';
import { withoutStop } from '#shared/domain/guards.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import {
  askedAtMs,
  decideOnIncident,
  decideSwitch,
  type OnHost,
  type OnIncident,
  type OperatorFact,
  type Switch,
} from '#shared/domain/operator.ts';
import { decideOnHost } from '#shared/domain/operator-host.ts';
import { senderOfCommand } from '#shared/domain/operator-sender.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Delivery, Services } from '#shared/services.ts';
import { type GuardName, guardWrite, loadGuard } from '#shared/state/guards.ts';
import { loadHost, loadHostOrNew } from '#shared/state/hosts.ts';
import { loadInventory } from '#shared/state/inventory.ts';
import { loadOperatorHead, loadOutcome, outcomeWrites } from '#shared/state/operator-log.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { commitCare } from './care-step.ts';
import { commitHost, sendCommands } from './step.ts';

const MAX_RACES = 8;

type Sender = ReturnType<typeof senderOfCommand>;

/** Does what an operator asks for, once: its effect, its audit record and what became of it are one transaction. */
export async function obey(services: Services, delivery: Delivery<OperatorCommand>): Promise<void> {
  const { message, redelivered, senderId } = delivery;
  const sender = senderOfCommand(message, senderId, services.trustedSenders);
  for (let race = 0; race < MAX_RACES; race += 1) {
    const earlier = await loadOutcome(services.state, message.id);
    try {
      if (earlier === undefined) await obeyOne(services, message, sender);
      // Whoever had it before may have died between commit and send.
      else if (redelivered && 'hostKey' in message) await resend(services, message);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new RetryableError(`the operator's ${message.type} lost ${MAX_RACES} races`);
}

function obeyOne(services: Services, command: OperatorCommand, sender: Sender): Promise<void> {
  switch (command.type) {
    case 'disarm':
    case 'arm':
      return moveSwitch(services, command, sender);
    case 'release':
    case 'dismiss':
    case 'confirm-off':
      return settleIncident(services, command, sender);
    default:
      return careForHost(services, command, sender);
  }
}

async function moveSwitch(services: Services, command: Switch, sender: Sender): Promise<void> {
  const { state, policy, clock } = services;
  const { segment } = command;
  const known = policy.segments.map((each) => each.name);
  const name: GuardName = segment === undefined ? 'global' : { segment };
  const guard = await loadGuard(state, name);
  const decision =
    segment === undefined || known.includes(segment)
      ? decideSwitch(command, guard.value, clock.now(), policy)
      : { refused: `the policy has no segment ${segment}, but ${known.join(', ')}` };
  const writes = 'refused' in decision ? [] : [guardWrite(name, guard, decision.guard)];
  const on = segment === undefined ? 'everything' : `segment ${segment}`;
  const fact = factOf({ command, sender }, on, null, decision, clock.now());
  await state.transact([...writes, ...(await recordWrites(services, fact))]);
  logOutcome(services, fact);
}

async function settleIncident(services: Services, command: OnIncident, sender: Sender): Promise<void> {
  const { state, clock } = services;
  const loaded = await loadHost(state, command.hostKey);
  const tasks = await loadTasks(state, command.incidentId);
  const atMs = clock.now();
  const segment = services.policy.segments.find(({ name }) => name === loaded?.value.incident?.segment);
  const decision = decideOnIncident(command, loaded?.value, tasks.length > 0, segment, atMs, sender);
  const on = `host ${loaded?.value.name ?? command.hostKey}`;
  const fact = factOf({ command, sender }, on, command.incidentId, decision, clock.now());
  const record = await recordWrites(services, fact);
  if ('refused' in decision || loaded === undefined) await state.transact(record);
  else {
    const lifted = await liftStop(services, loaded.value.incident?.segment, command.incidentId);
    const { facts } = decision;
    const basis = { by: 'operator', atMs, askedAtMs: askedAtMs(command, atMs), hasTasks: tasks.length > 0 } as const;
    const committed = await commitHost(services, loaded, { facts, basis, writes: [...record, ...lifted] });
    await sendCommands(services, committed.value);
  }
  logOutcome(services, fact);
}

/** Its way back, or planned work: also of a host of which nobody has said anything yet. */
async function careForHost(services: Services, command: OnHost, sender: Sender): Promise<void> {
  const { state, policy, clock } = services;
  const { hostKey } = command;
  const { name: cloud, region } = policy.cloud;
  const inventory = await loadInventory(state, cloud, region);
  const known = inventory.find(({ value }) => hostKeyOf(cloud, region, value.serviceId) === hostKey)?.value;
  const loaded = await (known === undefined
    ? loadHost(state, hostKey)
    : loadHostOrNew(state, { key: hostKey, cloud, region, name: known.host, serviceId: known.serviceId }));
  const atMs = clock.now();
  const segment = known?.segment ?? null;
  const decision =
    loaded === undefined
      ? { refused: 'Nova has no such compute service' }
      : decideOnHost(command, loaded.value, segment, atMs);
  const fact = factOf({ command, sender }, `host ${loaded?.value.name ?? hostKey}`, null, decision, clock.now());
  const writes = await recordWrites(services, fact);
  if ('refused' in decision || loaded === undefined) await state.transact(writes);
  else {
    const { hostKey: _, version: __, time: ___, ...said } = command;
    const basis = { by: 'host-command', atMs, askedAtMs: askedAtMs(command, atMs), segment, command: said } as const;
    const committed = await commitCare(services, loaded, { facts: decision.facts, basis, writes });
    await sendCommands(services, committed.value);
  }
  logOutcome(services, fact);
}

/** The segment goes on unless another incident has stopped it too. */
async function liftStop(
  { state }: Services,
  segment: string | undefined,
  incidentId: string,
): Promise<readonly StateWrite[]> {
  if (segment === undefined) return [];
  const guard = await loadGuard(state, { segment });
  const lifted = withoutStop(guard.value, incidentId);
  return lifted.stops.length === guard.value.stops.length ? [] : [guardWrite({ segment }, guard, lifted)];
}

function factOf(
  { command, sender }: { readonly command: OperatorCommand; readonly sender: Sender },
  on: string,
  incidentId: string | null,
  decision: { readonly refused: string } | { readonly said: string },
  nowMs: number,
): OperatorFact {
  const { type, id: commandId, by, reason } = command;
  const refused = 'refused' in decision;
  const said = refused ? decision.refused : decision.said;
  const from = sender === null ? {} : { sender };
  const common = {
    command: type,
    commandId,
    by,
    ...from,
    reason,
    on,
    said,
    incidentId,
    askedAtMs: askedAtMs(command, nowMs),
  };
  return { type: refused ? 'refused' : 'obeyed', ...common };
}

const recordWrites = async ({ state, clock }: Services, fact: OperatorFact): Promise<readonly StateWrite[]> =>
  outcomeWrites(await loadOperatorHead(state), fact, clock.now());

function logOutcome({ log }: Services, { type, ...fact }: OperatorFact): void {
  log.warn(`${fact.command} of ${fact.on} by ${fact.by} is ${type}: ${fact.said}`, {
    fact: `operator-${type}`,
    ...fact,
  });
}

async function resend(services: Services, { hostKey }: OnIncident | OnHost): Promise<void> {
  const loaded = await loadHost(services.state, hostKey);
  if (loaded !== undefined) await sendCommands(services, loaded.value);
}
