import type { QueueMessage } from '#events/catalog.ts';
import type { HostEvent } from '#events/host-event.ts';
import type { OperatorCommand } from '#events/operator-command.ts';
import { iso, uuid } from '#test/support/builders.ts';
import {
  deleted,
  evacuationBegins,
  evacuationGoesOn,
  hostOf,
  isBusy,
  isUnderWay,
  poweredOff,
  poweredOn,
  seesUp,
  withHost,
} from './cloud.ts';
import type { Budget, Cloud, Fault } from './state.ts';
import { T0 } from './values.ts';

/** What a call of a function may see of the cloud; a move concerns some of it. */
export type Part = 'power' | 'services' | 'instances';

/** Something that happens in the cloud. */
export interface Move {
  readonly label: string;
  readonly fault?: Fault;
  /** Comes about by itself, sooner or later. */
  readonly due?: true;
  readonly part: Part;
  readonly after: Cloud;
}

const moves = new WeakMap<Cloud, readonly Move[]>();
/** Everything that may happen in the cloud next, if the budget allows. `suspects` are the hosts that things happen to. */
export function movesOf(cloud: Cloud, suspects: readonly string[]): readonly Move[] {
  const known = moves.get(cloud);
  if (known !== undefined) return known;
  const all = [...progress(cloud), ...chances(cloud, suspects)];
  moves.set(cloud, all);
  return all;
}

function* progress(cloud: Cloud): Generator<Move> {
  for (const landing of cloud.landings)
    yield {
      label: `Nova carries out the unanswered evacuate of ${landing.instanceId}`,
      part: 'instances',
      due: true,
      after: land(cloud, landing),
    };
  for (const [host, { offBeforeMs, reports, novaBelieves }] of Object.entries(cloud.hosts)) {
    if (offBeforeMs !== null)
      yield { label: `${host} goes off now`, part: 'power', due: true, after: poweredOff(cloud, host) };
    if (novaBelieves && !reports) {
      const after = withHost(cloud, host, { novaBelieves: false });
      yield { label: `Nova notices that ${host} is silent`, part: 'services', due: true, after };
    }
  }
  for (const migration of cloud.migrations.filter(isUnderWay)) {
    const { id, status, destination } = migration;
    // It is the destination that does it.
    if (cloud.hosts[destination]?.power === 'off') continue;
    const what =
      status === 'accepted' ? 'is done' : status === 'done' ? 'moves its instance' : 'lets go of its instance';
    const after = evacuationGoesOn(cloud, migration, 'done');
    yield { label: `evacuation ${id} ${what}`, part: 'instances', due: true, after };
  }
}

function land(cloud: Cloud, landing: Cloud['landings'][number]): Cloud {
  const landed = { ...cloud, landings: cloud.landings.filter((each) => each !== landing) };
  const { instanceId, destination } = landing;
  const source = cloud.instances[instanceId]?.host;
  if (source === null || source === undefined || seesUp(hostOf(cloud, source))) return landed;
  return evacuationBegins(landed, instanceId, destination);
}

function* chances(cloud: Cloud, suspects: readonly string[]): Generator<Move> {
  for (const migration of cloud.migrations)
    if (
      migration.status === 'accepted' &&
      isUnderWay(migration) &&
      cloud.hosts[migration.destination]?.power !== 'off'
    ) {
      const after = evacuationGoesOn(cloud, migration, 'failed');
      yield { label: `evacuation ${migration.id} fails`, fault: 'failure', part: 'instances', after };
    }
  for (const host of suspects) yield* chancesOf(cloud, host);
  for (const [id, { host }] of Object.entries(cloud.instances))
    if (host !== null)
      yield { label: `the owner deletes ${id}`, fault: 'owner', part: 'instances', after: deleted(cloud, id) };
}

function* chancesOf(cloud: Cloud, host: string): Generator<Move> {
  const { power, reports, enabled, inSegment, forcedDown } = hostOf(cloud, host);
  yield power === 'on'
    ? { label: `${host} loses its power`, fault: 'power', part: 'power', after: poweredOff(cloud, host) }
    : { label: `somebody switches ${host} on`, fault: 'power', part: 'power', after: poweredOn(cloud, host) };
  const change = (label: string, fault: Fault, to: Parameters<typeof withHost>[2]): Move => ({
    label,
    fault,
    part: 'services',
    after: withHost(cloud, host, to),
  });
  if (power === 'on' && !reports) yield change(`${host} reports to Nova again`, 'return', RETURNED);
  if (enabled) yield change(`an operator disables ${host}`, 'operator', { enabled: false });
  if (inSegment) yield change(`an operator takes ${host} out of the segment`, 'operator', { inSegment: false });
  if (forcedDown) yield* byHand(cloud, host);
}

const RETURNED = { reports: true, novaBelieves: true } as const;

function* byHand(cloud: Cloud, host: string): Generator<Move> {
  for (const [id, instance] of Object.entries(cloud.instances))
    if (
      instance.host === host &&
      !isBusy(cloud, id) &&
      instance.taskState === null &&
      !(`evacuate ${id}` in cloud.asked)
    )
      yield {
        label: `an operator evacuates ${id}`,
        fault: 'operator',
        part: 'instances',
        after: evacuationBegins(cloud, id, Object.keys(cloud.hosts).at(-1) ?? '', false),
      };
}

/** A message from outside: what it says, and what it costs. */
export interface Word {
  readonly label: string;
  readonly fault: 'down' | 'up' | 'command';
  readonly message: QueueMessage;
}

/**
 * What reporters and operators may say next, truly or not. Each word of a kind is by another one, and is about this
 * moment.
 */
export function* words(suspects: readonly string[], open: readonly OpenIncident[], budget: Budget): Generator<Word> {
  for (const says of ['down', 'up'] as const) {
    const left = budget[says] ?? 0;
    if (left > 0) for (const host of suspects) yield report(host, says, left);
  }
  const left = budget.command ?? 0;
  if (left > 0) yield* commands(open, left);
}

function report(host: string, says: 'down' | 'up', left: number): Word {
  const message: HostEvent = {
    specversion: '1.0',
    id: `event-${says === 'down' ? left : 8 + left}`,
    source: `/monitor/${left}`,
    type: `host.${says}`,
    time: iso(T0),
    data: { schemaVersion: 1, host },
  };
  return { label: `${message.source} says that ${host} is ${says}`, fault: says, message };
}

/** An incident that an operator sees. */
export interface OpenIncident {
  readonly hostKey: string;
  readonly incidentId: string;
  readonly closedGates: readonly string[];
}

function* commands(open: readonly OpenIncident[], left: number): Generator<Word> {
  const said = { version: 1, id: uuid(7, left), time: iso(T0), by: 'operator', reason: 'why' } as const;
  const word = (label: string, message: OperatorCommand): Word => ({
    label: `an operator ${label}`,
    fault: 'command',
    message,
  });
  yield word('disarms salvor', { type: 'disarm', ...said });
  yield word('disarms the segment for a minute', { type: 'disarm', ...said, segment: 'az1', forSeconds: 60 });
  yield word('arms salvor', { type: 'arm', ...said });
  for (const { hostKey, incidentId, closedGates } of open) {
    yield word('dismisses it', { type: 'dismiss', ...said, hostKey, incidentId });
    yield word('releases it', { type: 'release', ...said, hostKey, incidentId, gates: [...closedGates] });
  }
}
