import type { SimHost, SimServer } from '#sim/world/types.ts';
import type { World } from '#sim/world/world.ts';
import {
  boot,
  crash,
  cutOff,
  deleteByOwner,
  evacuateByHand,
  isAlive,
  losePower,
  migrateByHand,
  reconnect,
  setDisabled,
  setForcedDown,
} from './actions.ts';
import { pickOne } from './engine/chance.ts';
import { type Simulation, START_MS } from './engine/simulation.ts';
import type { FaultKind, PlannedFault } from './faults.ts';
import { disarm, dismiss, release } from './operators.ts';
import { eventOf, REPORTERS } from './reporters.ts';
import type { PlannedFailure } from './scenario.ts';

const REPORTS_OF_FLAPPING = 6;
const REPORTS_OF_NAGGING = 8;

/** What an event comes to; false when there was nothing for it to happen to. */
type Perform = (simulation: Simulation, host: SimHost, fault: PlannedFault) => boolean | string;

const anInstance = (simulation: Simulation, host: SimHost): SimServer | undefined => {
  const servers = simulation.world.serversOn(host.name);
  return servers.length === 0 ? undefined : pickOne(simulation.random, servers);
};

/** @returns the instance's id when it was done to one */
const toAnInstance =
  (act: (simulation: Simulation, server: SimServer) => boolean): Perform =>
  (simulation, host) => {
    const server = anInstance(simulation, host);
    return server !== undefined && act(simulation, server) && server.id;
  };

const say = (
  simulation: Simulation,
  type: 'host.down' | 'host.up',
  host: SimHost,
  source: string,
  skewMs = 0,
): true => {
  simulation.report(eventOf(simulation, type, host.name, source, skewMs));
  return true;
};

const EVENTS: Partial<Readonly<Record<FaultKind, Perform>>> = {
  'destination-dies': ({ world, random }, host) => {
    const destinations = world
      .serversOn(host.name)
      .flatMap(({ evacuation }) => (evacuation?.rebuiltOn ? [evacuation.rebuiltOn.host] : []));
    if (destinations.length === 0) return false;
    const destination = pickOne(random, destinations);
    (random.next() < 0.5 ? crash : cutOff)(world, destination);
    return true;
  },
  'host-comes-back': (simulation, host) => {
    if (isAlive(host)) return false;
    comeBack(simulation, host);
    for (const source of REPORTERS) say(simulation, 'host.up', host, source);
    return true;
  },
  'host-back-silently': (simulation, host) => {
    if (isAlive(host)) return false;
    comeBack(simulation, host);
    return true;
  },
  'host-powered-on': ({ world }, host) => {
    if (host.power === 'on') return false;
    boot(world, host);
    return true;
  },
  'host-loses-power': ({ world }, host) => {
    if (host.power === 'off') return false;
    losePower(world, host);
    return true;
  },
  'another-host-dies': ({ world, random }, host) => {
    const others = [...world.hosts.values()].filter((each) => each !== host && isAlive(each));
    if (others.length < 2) return false;
    crash(world, pickOne(random, others));
    return true;
  },
  'false-up': (simulation, host) => !isAlive(host) && say(simulation, 'host.up', host, '/agents/liar'),
  'false-down': (simulation, host) => {
    for (const source of ['/agents/liar', ...REPORTERS.slice(1)]) say(simulation, 'host.down', host, source);
    return true;
  },
  nagging: (simulation, host, { sizeMs }) => {
    for (let count = 0; count < REPORTS_OF_NAGGING; count += 1)
      simulation.scheduler.after((sizeMs * count) / 4, () => void say(simulation, 'host.down', host, REPORTERS[0]));
    return true;
  },
  flapping: (simulation, host, { sizeMs }) => {
    for (let count = 0; count < REPORTS_OF_FLAPPING; count += 1)
      simulation.scheduler.after(
        (sizeMs * count) / 4,
        () => void say(simulation, count % 2 === 0 ? 'host.down' : 'host.up', host, '/agents/flapping'),
      );
    return true;
  },
  'clock-behind': (simulation, host, { sizeMs }) =>
    say(simulation, simulation.random.next() < 0.5 ? 'host.down' : 'host.up', host, '/agents/behind', -sizeMs),
  'clock-ahead': (simulation, host, { sizeMs }) =>
    say(simulation, isAlive(host) ? 'host.up' : 'host.down', host, '/agents/ahead', sizeMs),
  nonsense: (simulation, host) => {
    const body = `{"type":"host.down","data":{"host":"${host.name}"`;
    simulation.queues.putText('host-events', simulation.random.next() < 0.5 ? body : `${body}}}`, 0);
    return true;
  },
  'service-disabled': ({ world }, host) => {
    if (host.disabled) return false;
    setDisabled(world, host, true);
    return true;
  },
  'forced-up': ({ world }, host) => {
    if (!host.forcedDown) return false;
    setForcedDown(world, host, false);
    return true;
  },
  unprotected: ({ world }, host) => {
    const aggregate = world.aggregates.find(({ hosts }) => hosts.includes(host.name));
    if (aggregate === undefined) return false;
    aggregate.hosts.splice(aggregate.hosts.indexOf(host.name), 1);
    return true;
  },
  disarmed: (simulation, { name }, { sizeMs }) => {
    const segment = simulation.policy.segments.find(
      ({ hosts }) =>
        'aggregate' in hosts &&
        simulation.world.aggregates.some((each) => each.name === hosts.aggregate && each.hosts.includes(name)),
    );
    disarm(simulation, simulation.random.next() < 0.7 ? segment?.name : undefined, Math.ceil(sizeMs / 200));
    return true;
  },
  dismissed: dismiss,
  released: release,
  'instance-deleted': toAnInstance(({ world }, server) => {
    deleteByOwner(world, server);
    return true;
  }),
  'instance-moved': toAnInstance(({ world }, server) => migrateByHand(world, server)),
  // Somebody who knows what he does: the guest is gone, and nobody else's evacuation runs.
  'instance-evacuated': toAnInstance(
    ({ world }, server) =>
      server.evacuation === null && !runsAnywhere(world, server.id) && evacuateByHand(world, server),
  ),
  'instance-opted-out': toAnInstance((_, server) => {
    server.metadata = { ...server.metadata, HA_Enabled: 'false' };
    return true;
  }),
};

const runsAnywhere = (world: World, id: string): boolean =>
  [...world.hosts.values()].some(({ guests }) => guests.has(id));

function comeBack({ world }: Simulation, host: SimHost): void {
  if (host.power === 'on' && host.guests.size > 0) reconnect(world, host);
  else boot(world, host);
}

/** Lets an event happen, and counts it if there was something for it to happen to. */
export function perform(simulation: Simulation, fault: PlannedFault): void {
  const host = simulation.world.hosts.get(fault.host);
  const act = EVENTS[fault.kind];
  if (host === undefined || act === undefined || simulation.director.isCalm) return;
  simulation.log.add({ kind: 'person', act: fault.kind, host: host.name });
  const done = act(simulation, host, fault);
  if (done !== false) simulation.director.struck(fault.kind, fault.host, typeof done === 'string' ? done : undefined);
}

/** Events whose moment has come, each a little later; to be called after each step. */
export function performDue(simulation: Simulation): void {
  for (const fault of simulation.director.takeEvents(simulation.states.takeChanged()))
    simulation.scheduler.after(fault.afterMs, () => perform(simulation, fault));
}

/** Events that wait for a host without an incident have nothing else to wake them than their time. */
export function scheduleEvents(simulation: Simulation, faults: readonly PlannedFault[]): void {
  for (const { fromMs, host } of faults)
    simulation.scheduler.after(START_MS + fromMs - simulation.scheduler.now(), () => {
      for (const fault of simulation.director.takeEvents([host]))
        simulation.scheduler.after(fault.afterMs, () => perform(simulation, fault));
    });
}

/** A host fails as planned; one that has failed already is left. */
export function fail({ world }: Simulation, { host: name, how, forMs }: PlannedFailure): void {
  const host = world.hosts.get(name);
  if (host === undefined || !isAlive(host)) return;
  switch (how) {
    case 'crash':
      crash(world, host);
      return;
    case 'power-loss':
      losePower(world, host);
      return;
    case 'reboot':
      boot(world, host);
      return;
    case 'cut-off':
      cutOff(world, host);
      return;
    case 'blip': {
      cutOff(world, host);
      const { generation } = host;
      world.clock.after(forMs, () => {
        if (host.generation === generation) reconnect(world, host);
      });
    }
  }
}
