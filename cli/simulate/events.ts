import type { SimHost, SimServer } from '#sim/world/types.ts';
import {
  boot,
  crash,
  cutOff,
  deleteByOwner,
  evacuateByHand,
  isAlive,
  isAliveHost,
  losePower,
  mayBeEvacuated,
  migrateByHand,
  reconnect,
  setDisabled,
  setForcedDown,
} from './actions.ts';
import { pickOne } from './engine/chance.ts';
import type { Simulation } from './engine/simulation.ts';
import type { FaultKind, PlannedFault } from './faults.ts';
import {
  confirmOff,
  disarm,
  dismiss,
  hasIncident,
  isHeldUp,
  isTagged,
  mayBeConfirmedOff,
  release,
} from './operators.ts';
import { eventOf, REPORTERS } from './reporters.ts';

const REPORTS_OF_FLAPPING = 6;
const REPORTS_OF_NAGGING = 8;
/** Who says that a host is off, one after the other. */
const WHO_CONFIRMS: readonly (readonly [string, ...string[]])[] = [
  ['alice', 'bob'],
  ['alice', 'bob'],
  ['alice', 'alice'],
  ['bob'],
  ['alice', 'alice', 'bob'],
];

/** Lets it happen. @returns the instance's id when it was done to one, false when nothing has come of it, else anything */
type Act = () => unknown;

/** What an event is going to do; undefined while there is nothing for it to happen to. */
type Event = (simulation: Simulation, host: SimHost, fault: PlannedFault) => Act | undefined;

/** To an instance whose task is in the state that the event waits for, if it waits for one. */
const toAnInstance =
  (
    act: (simulation: Simulation, server: SimServer) => boolean,
    fits: (simulation: Simulation, server: SimServer) => boolean,
  ): Event =>
  (simulation, host, { during }) => {
    const { world, states, random } = simulation;
    const servers = world
      .serversOn(host.name)
      .filter(({ id }) => !during.startsWith('task ') || states.taskOf(host.name, id) === during)
      .filter((server) => fits(simulation, server));
    if (servers.length === 0) return undefined;
    const server = pickOne(random, servers);
    return () => act(simulation, server) && server.id;
  };

const say = (simulation: Simulation, type: 'host.down' | 'host.up', host: SimHost, source: string, skewMs = 0): void =>
  simulation.report(eventOf(simulation, type, host.name, source, skewMs));

const onlyIf = (possible: boolean, act: Act): Act | undefined => (possible ? act : undefined);

export const EVENTS: Partial<Readonly<Record<FaultKind, Event>>> = {
  'destination-dies': ({ world, states, random }, host, { during }) => {
    const moving = world
      .serversOn(host.name)
      .filter(({ id }) => !during.startsWith('task ') || states.taskOf(host.name, id) === during)
      .flatMap(({ id, evacuation }) => (evacuation?.rebuiltOn ? [{ id, destination: evacuation.rebuiltOn.host }] : []));
    return onlyIf(moving.length > 0, () => {
      const { id, destination } = pickOne(random, moving);
      (random.next() < 0.5 ? crash : cutOff)(world, destination);
      return id;
    });
  },
  'host-comes-back': (simulation, host) =>
    onlyIf(!isAlive(host) && !isTagged(simulation, host), () => {
      comeBack(simulation, host);
      for (const source of REPORTERS) say(simulation, 'host.up', host, source);
    }),
  'host-back-silently': (simulation, host) =>
    onlyIf(!isAlive(host) && !isTagged(simulation, host), () => comeBack(simulation, host)),
  'host-powered-on': (simulation, host) =>
    onlyIf(host.power === 'off' && !isTagged(simulation, host), () => boot(simulation.world, host)),
  'host-loses-power': ({ world }, host) => onlyIf(host.power === 'on', () => losePower(world, host)),
  'another-host-dies': ({ world, random }, host) => {
    const others = [...world.hosts.values()].filter((each) => each !== host && isAlive(each));
    return onlyIf(others.length >= 2, () => crash(world, pickOne(random, others)));
  },
  'false-up': (simulation, host) => onlyIf(!isAlive(host), () => say(simulation, 'host.up', host, '/agents/liar')),
  'false-down': (simulation, host) => () => {
    for (const source of ['/agents/liar', ...REPORTERS.slice(1)]) say(simulation, 'host.down', host, source);
  },
  nagging:
    (simulation, host, { sizeMs }) =>
    () => {
      for (let count = 0; count < REPORTS_OF_NAGGING; count += 1)
        simulation.scheduler.after((sizeMs * count) / 4, () => say(simulation, 'host.down', host, REPORTERS[0]));
    },
  flapping:
    (simulation, host, { sizeMs }) =>
    () => {
      for (let count = 0; count < REPORTS_OF_FLAPPING; count += 1)
        simulation.scheduler.after((sizeMs * count) / 4, () =>
          say(simulation, count % 2 === 0 ? 'host.down' : 'host.up', host, '/agents/flapping'),
        );
    },
  'clock-behind':
    (simulation, host, { sizeMs }) =>
    () =>
      say(simulation, simulation.random.next() < 0.5 ? 'host.down' : 'host.up', host, '/agents/behind', -sizeMs),
  'clock-ahead':
    (simulation, host, { sizeMs }) =>
    () =>
      say(simulation, isAlive(host) ? 'host.up' : 'host.down', host, '/agents/ahead', sizeMs),
  nonsense: (simulation, host) => () => {
    const body = `{"type":"host.down","data":{"host":"${host.name}"`;
    simulation.queues.putText('host-events', simulation.random.next() < 0.5 ? body : `${body}}}`, 0);
  },
  'service-disabled': ({ world }, host) => onlyIf(!host.disabled, () => setDisabled(world, host, true)),
  'forced-up': ({ world }, host) => onlyIf(host.forcedDown, () => setForcedDown(world, host, false)),
  unprotected: ({ world }, host) => {
    const aggregate = world.aggregates.find(({ hosts }) => hosts.includes(host.name));
    return aggregate && (() => void aggregate.hosts.splice(aggregate.hosts.indexOf(host.name), 1));
  },
  disarmed:
    (simulation, { name }, { sizeMs }) =>
    () => {
      const segment = simulation.policy.segments.find(
        ({ hosts }) =>
          'aggregate' in hosts &&
          simulation.world.aggregates.some((each) => each.name === hosts.aggregate && each.hosts.includes(name)),
      );
      disarm(simulation, simulation.random.next() < 0.7 ? segment?.name : undefined, Math.ceil(sizeMs / 200));
    },
  dismissed: (simulation, host) => onlyIf(hasIncident(simulation, host), () => dismiss(simulation, host)),
  'off-confirmed': (simulation, host, { sizeMs }) =>
    onlyIf(mayBeConfirmedOff(simulation, host), () => {
      const [first, ...others] = pickOne(simulation.random, WHO_CONFIRMS);
      confirmOff(simulation, host, first);
      for (const [index, by] of others.entries())
        simulation.scheduler.after(sizeMs * (index + 1), () => {
          if (mayBeConfirmedOff(simulation, host)) confirmOff(simulation, host, by);
        });
    }),
  released: (simulation, host) => onlyIf(isHeldUp(simulation, host), () => release(simulation, host)),
  'instance-deleted': toAnInstance(
    ({ world }, server) => {
      deleteByOwner(world, server);
      return true;
    },
    () => true,
  ),
  'instance-moved': toAnInstance(
    ({ world }, server) => migrateByHand(world, server),
    ({ world }, { host }) => isAliveHost(world, host),
  ),
  // Somebody who knows what he does: the guest is gone, and nobody else's evacuation runs.
  'instance-evacuated': toAnInstance(
    ({ world }, server) => evacuateByHand(world, server),
    ({ world }, server) =>
      server.evacuation === null &&
      mayBeEvacuated(world, server) &&
      ![...world.hosts.values()].some(({ guests }) => guests.has(server.id)),
  ),
  'instance-opted-out': toAnInstance(
    (_, server) => {
      server.metadata = { ...server.metadata, HA_Enabled: 'false' };
      return true;
    },
    (_, { metadata }) => metadata.HA_Enabled !== 'false',
  ),
};

function comeBack({ world }: Simulation, host: SimHost): void {
  if (host.power === 'on' && host.guests.size > 0) reconnect(world, host);
  else boot(world, host);
}
