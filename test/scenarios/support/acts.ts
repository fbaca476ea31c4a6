import {
  boot,
  crash,
  cutOff,
  deleteByOwner,
  evacuateByHand,
  losePower,
  migrateByHand,
  reconnect,
  setDisabled,
  setForcedDown,
  stopByOwner,
} from '#cli/simulate/actions.ts';
import type { Simulation } from '#cli/simulate/engine/simulation.ts';
import { FAULTS } from '#cli/simulate/faults.ts';
import { eventOf } from '#cli/simulate/reporters.ts';
import type { HostEvent } from '#events/host-event.ts';
import { operatorCommand } from '#events/operator-command.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import { crashGuest } from '#sim/world/actions.ts';
import type { SimHost, SimServer } from '#sim/world/types.ts';
import { inWords } from './names.ts';
import type { Step, Verb } from './play.ts';

/** Who does it, and what, for the log. */
export interface Told {
  readonly voice: 'world' | 'person' | 'fault';
  readonly text: string;
}

type Given<V extends Verb> = NonNullable<Step[V]>;
type Acts = { readonly [V in Verb]: (simulation: Simulation, given: Given<V>) => Told | undefined };

const hostsOf = ({ world }: Simulation, names: readonly string[]): readonly SimHost[] =>
  names.map((name) => {
    const host = world.hosts.get(name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  });

export const serverOf = ({ world }: Simulation, name: string): SimServer => {
  const server = [...world.servers.values()].find((each) => each.name === name);
  if (server === undefined) throw new Error(`there is no instance ${name}`);
  return server;
};

const befalls =
  (what: string, act: (world: Simulation['world'], host: SimHost) => void) =>
  (simulation: Simulation, names: readonly string[]): Told => {
    for (const host of hostsOf(simulation, names)) act(simulation.world, host);
    return { voice: 'world', text: `${what}: ${inWords(names)}` };
  };

/** The world's own log must know beforehand that it was a person. */
const byOperator =
  (what: (names: string) => string, act: (world: Simulation['world'], host: SimHost) => void) =>
  (simulation: Simulation, names: readonly string[]): Told => {
    for (const host of hostsOf(simulation, names)) {
      simulation.log.add({ kind: 'person', act: what(host.name), host: host.name });
      act(simulation.world, host);
    }
    return { voice: 'person', text: `an operator ${what(inWords(names))}` };
  };

const toInstance =
  (what: (names: string) => string, act: (simulation: Simulation, server: SimServer) => unknown) =>
  (simulation: Simulation, names: readonly string[]): Told => {
    for (const name of names) {
      const server = serverOf(simulation, name);
      simulation.log.add({ kind: 'person', act: what(name), host: server.host ?? '' });
      if (act(simulation, server) === false) throw new Error(`it is not possible: ${what(name)}`);
    }
    return { voice: 'person', text: what(inWords(names)) };
  };

const ACTS: Acts = {
  crash: befalls('the kernel dies, the power stays on', crash),
  losePower: befalls('without power', losePower),
  cutOff: befalls('cut off from the network, and the guests run on', cutOff),
  reconnect: befalls('on the network again', reconnect),
  reboot: befalls('reboots by itself', boot),
  stopCompute: befalls('nova-compute stops, and the guests run on', cutOff),
  startCompute: befalls('nova-compute runs again', reconnect),
  report: (simulation, { by, says, host, aheadSeconds, process, instance = [''], event: word }) => {
    for (const name of host)
      for (const source of by)
        for (const each of instance) {
          const type = says === 'up' ? 'host.up' : says === 'heartbeat' ? 'host.heartbeat' : 'host.down';
          const event = eventOf(simulation, type, name, `/agents/${source}`, aheadSeconds * 1000);
          const id = each === '' ? '' : serverOf(simulation, each).id;
          simulation.report(about(event, says, process, id, word));
        }
    return undefined;
  },
  crashGuest: (simulation, given) => {
    for (const name of given) crashGuest(simulation.world, serverOf(simulation, name));
    return { voice: 'world', text: `by itself ends the process of ${inWords(given)}` };
  },
  stop: toInstance(
    (name) => `its owner stops ${name}`,
    ({ world }, server) => stopByOwner(world, server),
  ),
  lock: toInstance(
    (name) => `its owner locks ${name}`,
    (_, server) => {
      server.lockedBy = 'owner';
    },
  ),
  nonsense: ({ queues }, body) => {
    queues.putText('host-events', body, 0);
    return { voice: 'fault', text: `somebody sends ${body}` };
  },
  fault: (
    simulation,
    { kind, host, instance, device, function: name, act, until, times, skip, seconds, httpStatus },
  ) => {
    const instanceId = instance && serverOf(simulation, instance).id;
    for (const each of host) {
      const end = simulation.director.add({
        kind,
        host: each,
        during: 'any',
        fromMs: 0,
        skip,
        afterMs: 0,
        times: times ?? Number.POSITIVE_INFINITY,
        forMs: 0,
        sizeMs: seconds * 1000,
        ...(instanceId === undefined ? {} : { instanceId }),
        ...(device === undefined ? {} : { device }),
        ...(name === undefined ? {} : { function: name }),
        ...(act === undefined ? {} : { act }),
        ...(httpStatus === undefined ? {} : { httpStatus }),
      });
      if (until !== undefined) simulation.scheduler.after(until * 1000 - simulation.elapsedMs, end);
    }
    const whom = act ?? name ?? instance ?? [inWords(host), ...(device === undefined ? [] : [device])].join(', ');
    const howLong = until === undefined ? (times === 1 ? 'once' : `${times} times`) : `until ${until}`;
    return { voice: 'fault', text: `${whom}, ${howLong}: ${FAULTS[kind].story}` };
  },
  delete: toInstance(
    (name) => `its owner deletes ${name}`,
    ({ world }, server) => deleteByOwner(world, server),
  ),
  migrate: toInstance(
    (name) => `an operator starts to live-migrate ${name}`,
    ({ world }, server) => migrateByHand(world, server),
  ),
  evacuateByHand: toInstance(
    (name) => `an operator evacuates ${name} by hand`,
    ({ world }, server) => evacuateByHand(world, server),
  ),
  optOut: toInstance(
    (name) => `its owner opts ${name} out`,
    (_, server) => {
      server.metadata = { ...server.metadata, HA_Enabled: 'false' };
    },
  ),
  deleteImage: ({ world }, id) => {
    world.images.delete(id);
    return { voice: 'person', text: `its owner deletes the image ${id}` };
  },
  powerOff: byOperator((names) => `cuts the power of ${names}`, losePower),
  powerOn: byOperator((names) => `switches ${names} on`, boot),
  disable: (simulation, { host, reason }) =>
    byOperator(
      (names) => `disables the service of ${names} (${reason})`,
      (world, each) => setDisabled(world, each, true, reason),
    )(simulation, host),
  enable: byOperator(
    (names) => `enables the service of ${names}`,
    (world, host) => setDisabled(world, host, false),
  ),
  giveBack: byOperator(
    (names) => `gives ${names} back to the scheduler`,
    (world, host) => {
      setDisabled(world, host, false);
      setForcedDown(world, host, false);
    },
  ),
  forceDown: byOperator(
    (names) => `forces the service of ${names} down`,
    (world, host) => setForcedDown(world, host, true),
  ),
  unsetForcedDown: byOperator(
    (names) => `unsets forced_down of ${names}`,
    (world, host) => setForcedDown(world, host, false),
  ),
  joinAggregate: (simulation, { host, aggregate }) =>
    byOperator(
      (names) => `adds ${names} to the aggregate ${aggregate}`,
      ({ aggregates }, { name }) => aggregates.find((each) => each.name === aggregate)?.hosts.push(name),
    )(simulation, host),
  leaveAggregate: byOperator(
    (names) => `takes ${names} out of its aggregate`,
    (world, host) => {
      for (const { hosts } of world.aggregates)
        if (hosts.includes(host.name)) hosts.splice(hosts.indexOf(host.name), 1);
    },
  ),
  disarm: (simulation, what) => command(simulation, { type: 'disarm', ...what }, what.segment),
  arm: (simulation, what) => command(simulation, { type: 'arm', ...what }, what.segment),
  release: (simulation, { host, ...what }) =>
    command(simulation, { type: 'release', ...what, ...incidentOf(simulation, host) }, host),
  dismiss: (simulation, { host: [host = ''], reason }) =>
    command(simulation, { type: 'dismiss', reason, ...incidentOf(simulation, host) }, host),
  return: (simulation, { host: [host = ''], reason }) =>
    command(simulation, { type: 'return', reason, hostKey: keyOf(simulation, host) }, host),
  maintenanceOn: (simulation, { host: [host = ''], ...what }) =>
    command(simulation, { type: 'maintenance-on', ...what, hostKey: keyOf(simulation, host) }, host),
  maintenanceOff: (simulation, { host: [host = ''], reason }) =>
    command(simulation, { type: 'maintenance-off', reason, hostKey: keyOf(simulation, host) }, host),
  confirmOff: (simulation, { host: [host = ''], reason, by }) =>
    command(simulation, { type: 'confirm-off', reason, by, ...incidentOf(simulation, host) }, host),
  redrive: ({ queues }) => {
    queues.redrive();
    return { voice: 'person', text: 'an operator moves the dead letters back into their queues' };
  },
  salvor: ({ lambda }, what) => {
    if (what === 'killed') lambda.halt();
    else lambda.goOn();
    return { voice: 'fault', text: what === 'killed' ? 'salvor is killed, wherever it is' : 'salvor runs again' };
  },
};

/** As `salvor disarm`, `arm`, `release`, `dismiss` and `confirm-off` send it. */
function command(
  simulation: Simulation,
  what: { readonly type: string; readonly [key: string]: unknown },
  of = 'everything',
): Told {
  const { world, scheduler } = simulation;
  const said = { version: 1, id: world.random.uuid(), time: new Date(scheduler.now()).toISOString(), by: 'alice' };
  const body = operatorCommand.parse({ ...said, ...what });
  simulation.command(body);
  const {
    by,
    reason,
    gates = [],
  } = body as {
    readonly by: string;
    readonly reason: string;
    readonly gates?: readonly string[];
  };
  return { voice: 'person', text: `${by}: salvor ${what.type} ${[of, ...gates].join(' ')} (${reason})` };
}

function incidentOf(simulation: Simulation, name: string): { hostKey: string; incidentId: string } {
  const incidentId = simulation.states.incidentIdOf(name);
  if (incidentId === undefined) throw new Error(`${name} has no open incident`);
  return { hostKey: keyOf(simulation, name), incidentId };
}

function keyOf({ policy, world }: Simulation, name: string): string {
  const serviceId = world.hosts.get(name)?.serviceUuid;
  if (serviceId === undefined) throw new Error(`there is no host ${name}`);
  return hostKeyOf(policy.cloud.name, policy.cloud.region, serviceId);
}

function about(event: HostEvent, says: string, process = '', instanceId = '', word = ''): HostEvent {
  if (says === 'dumping') return { ...event, type: 'host.dumping' };
  if (says === 'process down') return { ...event, type: 'process.down', data: { ...event.data, process } };
  if (says === 'process up') return { ...event, type: 'process.up', data: { ...event.data, process } };
  if (says === 'instance down')
    return { ...event, type: 'instance.down', data: { ...event.data, instanceId, event: word } };
  return event;
}

/** Lets one step of a play happen. */
export function perform(simulation: Simulation, step: Step): Told | undefined {
  const [verb, given] = Object.entries(step).find(([key]) => key !== 'at') ?? [];
  const act = ACTS[verb as Verb] as (simulation: Simulation, given: unknown) => Told | undefined;
  return act(simulation, given);
}
