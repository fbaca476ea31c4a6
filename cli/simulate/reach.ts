import { FAULT_KINDS, type FaultKind, INCIDENT_STATES, type StateName, TASK_STATES } from './faults.ts';

const ANY: readonly StateName[] = [...INCIDENT_STATES, ...TASK_STATES];
const without = (...states: readonly StateName[]): readonly StateName[] =>
  ANY.filter((state) => !states.includes(state));

/** A proof is renewed while instances wait: the host goes through these again, with evacuations on their way. */
const UNDER_WAY: readonly StateName[] = ['fencing', 'forcing-down', 'planning', 'evacuating'];
const READ_AGAIN: readonly StateName[] = ['fencing', 'task waiting', 'task accepted', 'task ended'];

/** They befall an evacuation that runs in Nova. */
export const OF_EVACUATIONS: readonly FaultKind[] = [
  'evacuation-slow',
  'evacuation-stuck',
  'spawn-fails',
  'no-valid-host',
  'host-field-late',
  'destination-dies',
];

/** They befall a request that changes something in Nova. */
export const OF_NOVA_CHANGES: readonly FaultKind[] = [
  'nova-not-sent',
  'nova-429',
  'nova-4xx',
  'nova-5xx-before',
  'nova-5xx-after',
  'nova-timeout-after',
  'nova-late-effect',
];

interface Reach {
  readonly kinds: readonly FaultKind[];
  readonly states: readonly StateName[];
  /** Why not in the others. */
  readonly because: string;
}

/**
 * The table of reasons: in which states each kind of fault can strike, and why not in the others. Out is as well what
 * takes another fault at the same moment, or strikes a call that was overtaken by a change of the state; coverage.ts
 * shows such strikes in brackets.
 */
export const REASONS: readonly Reach[] = [
  {
    kinds: [
      'killed-before',
      'killed-after',
      'killed-before-ack',
      'out-of-time',
      'message-duplicated',
      'message-delayed',
      'ack-lost',
      'write-throttled',
      'write-unknown',
      'race-lost',
      'read-throttled',
      'index-lags',
    ],
    states: ANY,
    because: 'reports come in any state, and are read, written and acknowledged',
  },
  {
    kinds: ['send-failed', 'send-unknown'],
    states: without('none', 'stopped'),
    because: 'salvor sends itself nothing about a host that has no incident, or one that waits for a person',
  },
  {
    kinds: ['nova-read-fails', 'nova-read-refused', 'nova-slow'],
    states: ANY,
    because: 'the mirror of the inventory is read for every host, whatever its state',
  },
  {
    kinds: OF_NOVA_CHANGES,
    states: ['forcing-down', 'evacuating', 'task requested'],
    because: 'salvor changes nothing in Nova but to force down, and to reset and evacuate an instance',
  },
  {
    kinds: ['service-seen-up', 'service-seen-down'],
    states: ['none', 'suspected', 'held', 'fencing', 'forcing-down'],
    because: 'from then on the service is forced down, which Nova does not misjudge',
  },
  {
    kinds: ['service-silent'],
    states: ['suspected', 'held'],
    because: 'what an evacuation needs is tried out before the confirmation only',
  },
  {
    kinds: OF_EVACUATIONS,
    states: [...UNDER_WAY, 'task requested', 'task accepted', 'task unknown'],
    because: 'it befalls an evacuation that runs in Nova, which goes on while the proof is renewed',
  },
  {
    kinds: ['conductor-lingers'],
    states: ['evacuating', 'task requested', 'task accepted', 'task unknown'],
    because: 'it befalls an evacuation that runs in Nova and has failed by another fault',
  },
  {
    kinds: ['evacuation-dropped'],
    states: ['evacuating', 'task requested', 'task unknown'],
    because: 'the conductor drops what it has just taken: then its request has no answer yet, or will have none',
  },
  {
    kinds: ['bmc-hangs', 'bmc-errors', 'bmc-refuses', 'bmc-slow', 'bmc-wrong-host'],
    states: ['none', ...READ_AGAIN],
    because:
      'devices are asked to fence their host, again while instances wait, and in samples of hosts without incident; the survey asks them in any state, and changes nothing there',
  },
  {
    kinds: ['bmc-lies-on'],
    states: READ_AGAIN,
    because: 'devices of hosts that are off are asked to fence them, and again while instances wait',
  },
  {
    kinds: ['bmc-lies-off'],
    states: ['none', 'fencing'],
    because: 'devices of hosts that are on are asked to fence them, and in samples of hosts without incident',
  },
  {
    kinds: ['bmc-stuck', 'bmc-conflict', 'bmc-late-effect'],
    states: ['fencing'],
    because: 'only a host that is fenced is powered off',
  },
  {
    kinds: ['host-comes-back', 'host-back-silently', 'host-powered-on', 'another-host-dies', 'false-up'],
    states: ANY,
    because: 'hosts and reporters do not ask for the state',
  },
  {
    kinds: ['false-down', 'nagging', 'flapping', 'clock-behind', 'clock-ahead', 'nonsense'],
    states: ANY,
    because: 'reporters do not ask for the state',
  },
  {
    kinds: ['service-disabled', 'unprotected', 'disarmed', 'instance-deleted', 'instance-opted-out'],
    states: ANY,
    because: 'people do not ask for the state',
  },
  {
    kinds: ['host-loses-power'],
    states: ['none', 'suspected', 'held', 'fencing'],
    because: 'from then on salvor has cut its power',
  },
  {
    kinds: ['forced-up'],
    states: without('suspected', 'held'),
    because: 'a host that is not fenced yet is not forced down',
  },
  {
    kinds: ['dismissed'],
    states: without('none'),
    because: 'there is nothing to dismiss',
  },
  {
    kinds: ['off-confirmed'],
    states: ['held', 'fencing'],
    because: 'salvor takes the word of people only where it waits for a proof, or holds the host',
  },
  {
    kinds: ['released'],
    states: ['held', 'stopped'],
    because: 'nothing else waits for an operator',
  },
  {
    kinds: ['instance-moved'],
    states: ['none', 'suspected', 'held'],
    because: 'Nova migrates nothing off a host that is off or forced down',
  },
  {
    kinds: ['instance-evacuated'],
    states: without('task accepted'),
    because: 'the operators of this world do not evacuate what is being evacuated',
  },
];

const states = new Map(REASONS.flatMap((reach) => reach.kinds.map((kind) => [kind, reach.states] as const)));

/** In which states each kind of fault can strike. What is missing is explained in the table of reasons. */
export const REACHABLE = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, states.get(kind) ?? []])) as Readonly<
  Record<FaultKind, readonly StateName[]>
>;
