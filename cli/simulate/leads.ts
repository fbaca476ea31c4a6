import type { FunctionName } from '#events/catalog.ts';
import type { FaultKind, StateName } from './faults.ts';
import { OF_EVACUATIONS } from './reach.ts';
import type { FailureHow } from './scenario.ts';
import type { Focus } from './schedule.ts';

/** From, to; drawn evenly. */
export type Range = readonly [number, number];

/** A fault that brings about a state, or makes it last, so that others find their moment in it. */
export interface Lead {
  readonly kind: FaultKind;
  readonly during: StateName;
  /** Only calls of this function. */
  readonly function?: FunctionName;
  /** Calls that would do and are let pass: those of the first time that the state comes up. */
  readonly skip?: number;
  readonly times?: Range;
  readonly forMs?: Range;
  readonly afterMs?: Range;
  readonly sizeMs?: Range;
}

/** Ways to get there; one is drawn. */
type Ways = readonly (readonly Lead[])[];

const OUTAGE: Range = [6_000, 25_000];
const STUCK: Lead = { kind: 'evacuation-stuck', during: 'task accepted', times: [1, 2] };
const NOT_ANSWERED: Lead = { kind: 'nova-timeout-after', during: 'task requested', times: [2, 4] };
const MISSED: Lead = { kind: 'nova-late-effect', during: 'task requested', times: [2, 4], sizeMs: [1_000, 4_000] };
const BLIND: Lead = { kind: 'nova-read-fails', during: 'task unknown', forMs: [20_000, 40_000] };
const FALSE_ALARM: Lead = { kind: 'false-down', during: 'none', afterMs: [0, 1_000] };
const SEEN_DOWN: readonly Lead[] = [
  FALSE_ALARM,
  { kind: 'service-seen-down', during: 'suspected', forMs: [90_000, 120_000] },
];
/** A switch holds the host for longer than a release counts, and what was released goes on for longer still. */
const OUTLIVED: readonly Lead[] = [
  { kind: 'disarmed', during: 'suspected', afterMs: [0, 200], sizeMs: [200_000, 208_000] },
  { kind: 'service-seen-up', during: 'suspected', forMs: [1_150_000, 1_200_000] },
];
const REFUSING: Lead = { kind: 'bmc-refuses', during: 'fencing', forMs: OUTAGE };
const DEAF_DEVICE: Ways = [
  [REFUSING],
  [{ kind: 'bmc-hangs', during: 'fencing', forMs: OUTAGE }],
  [{ kind: 'bmc-errors', during: 'fencing', forMs: OUTAGE }],
];
/** The proof can't be renewed for a while: the power is not told, Nova not read, or the instances not listed again. */
const NO_RENEWAL: Partial<Readonly<Record<StateName, Ways>>> = {
  fencing: [[{ kind: 'bmc-hangs', during: 'task accepted', forMs: OUTAGE }]],
  'forcing-down': [[{ kind: 'nova-read-fails', during: 'forcing-down', skip: 3, forMs: OUTAGE }]],
  planning: [[{ kind: 'nova-read-fails', during: 'task accepted', function: 'plan-evacuation', forMs: OUTAGE }]],
};
/** What strikes a power-off needs one: a device that may do what it does not answer to would be in the way. */
const STRIKES_POWER_OFF: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'bmc-stuck',
  'bmc-slow',
  'bmc-lies-off',
  'bmc-conflict',
  'bmc-late-effect',
]);
const SAYS_ON: Ways = [[{ kind: 'bmc-lies-on', during: 'fencing', forMs: OUTAGE }]];

const TO_STATE: Partial<Readonly<Record<StateName, Ways>>> = {
  none: [[{ kind: 'clock-behind', during: 'none', afterMs: [500, 8_000] }]],
  held: [
    [{ kind: 'disarmed', during: 'suspected', afterMs: [0, 200], sizeMs: [12_000, 24_000] }],
    [{ kind: 'service-seen-up', during: 'suspected', forMs: [30_000, 90_000] }],
    [{ kind: 'service-silent', during: 'suspected', forMs: [20_000, 60_000] }],
    // Nova falls silent for longer than what else holds the host.
    [
      { kind: 'service-silent', during: 'suspected', forMs: [25_000, 40_000] },
      { kind: 'nova-read-fails', during: 'held', function: 'confirm-host-down', forMs: [60_000, 90_000] },
    ],
  ],
  fencing: DEAF_DEVICE,
  'forcing-down': [
    [{ kind: 'nova-not-sent', during: 'forcing-down', times: [2, 4] }],
    [{ kind: 'nova-429', during: 'forcing-down', times: [2, 4] }],
    [{ kind: 'nova-5xx-before', during: 'forcing-down', times: [1, 3] }],
  ],
  planning: [
    [{ kind: 'nova-read-fails', during: 'planning', forMs: OUTAGE }],
    [{ kind: 'nova-read-refused', during: 'planning', forMs: OUTAGE }],
  ],
  'handing-over': [
    [STUCK, { kind: 'nova-read-fails', during: 'handing-over', forMs: OUTAGE }],
    [
      { kind: 'bmc-refuses', during: 'fencing', forMs: [170_000, 200_000] },
      { kind: 'nova-read-fails', during: 'handing-over', forMs: OUTAGE },
    ],
  ],
  // Its device has said off for more than 5 s when somebody says up.
  stopped: [
    [
      { kind: 'nova-read-fails', during: 'planning', forMs: [14_000, 20_000] },
      { kind: 'false-up', during: 'planning', afterMs: [7_000, 10_000] },
    ],
  ],
  'task requested': [[NOT_ANSWERED], [{ kind: 'nova-slow', during: 'task requested', times: [1, 3] }]],
  'task unknown': [
    [NOT_ANSWERED, BLIND],
    [MISSED],
    [{ kind: 'nova-5xx-before', during: 'task requested', times: [1, 3] }],
    [{ kind: 'nova-5xx-after', during: 'task requested', times: [1, 3] }, BLIND],
  ],
};

/** Ways to the moment of a kind, by state, besides those to the state. */
const TO_KIND: Partial<Readonly<Record<FaultKind, Partial<Readonly<Record<StateName, Ways>>>>>> = {
  'service-seen-down': {
    suspected: [[FALSE_ALARM]],
    held: [[FALSE_ALARM]],
    fencing: [SEEN_DOWN],
    'forcing-down': [SEEN_DOWN],
  },
  'instance-moved': { suspected: [[FALSE_ALARM]], held: [[FALSE_ALARM]] },
  // Its reports come late, so that Nova sees it down before salvor hears of it.
  'service-seen-up': { none: [[{ kind: 'message-delayed', during: 'none', times: [3, 3], sizeMs: [60_000, 90_000] }]] },
  // It is over before the host may go on.
  released: { held: [OUTLIVED, []] },
  'host-powered-on': { fencing: SAYS_ON },
  'forced-up': {
    // Fenced once more: somebody has said up, a moment after its device said off.
    fencing: [[{ kind: 'false-up', during: 'planning', afterMs: [0, 300] }]],
    'forcing-down': [[{ kind: 'nova-timeout-after', during: 'forcing-down' }]],
  },
  'evacuation-slow': { ...NO_RENEWAL, 'task requested': [[NOT_ANSWERED]], 'task unknown': [[MISSED]] },
  'evacuation-dropped': { 'task unknown': [[MISSED]] },
  'evacuation-stuck': { ...NO_RENEWAL, 'task requested': [[NOT_ANSWERED]], 'task unknown': [[MISSED, BLIND]] },
  'spawn-fails': { ...NO_RENEWAL, 'task requested': [[NOT_ANSWERED]], 'task unknown': [[MISSED, BLIND]] },
  'no-valid-host': { ...NO_RENEWAL, 'task requested': [[NOT_ANSWERED]], 'task unknown': [[MISSED, BLIND]] },
  'host-field-late': { ...NO_RENEWAL, 'task requested': [[NOT_ANSWERED]], 'task unknown': [[MISSED, BLIND]] },
  'destination-dies': {
    ...NO_RENEWAL,
    'task requested': [[NOT_ANSWERED]],
    'task accepted': [[{ kind: 'evacuation-slow', during: 'task requested' }]],
    'task unknown': [[MISSED, BLIND]],
  },
  'conductor-lingers': {
    evacuating: [[{ kind: 'no-valid-host', during: 'task accepted' }]],
    'task requested': [[NOT_ANSWERED, { kind: 'no-valid-host', during: 'task requested' }]],
    'task accepted': [
      [{ kind: 'no-valid-host', during: 'task accepted' }],
      [{ kind: 'spawn-fails', during: 'task accepted' }],
    ],
    'task unknown': [[MISSED, BLIND, { kind: 'no-valid-host', during: 'task unknown' }]],
  },
};

/** What ends a state, so that what has come after it has its moment too. */
const AFTERWARDS: Partial<Readonly<Record<StateName, readonly Lead[]>>> = {
  stopped: [{ kind: 'released', during: 'stopped', afterMs: [90_000, 150_000] }],
};

function generalWays(state: StateName, kinds: readonly FaultKind[]): Ways | undefined {
  if (state === 'fencing' && kinds.some((kind) => STRIKES_POWER_OFF.has(kind))) return [[REFUSING]];
  // They wait for the second time that the state comes up: for their sake the first is often left short.
  if (state === 'forcing-down' && kinds.some((kind) => OF_EVACUATIONS.includes(kind)))
    return [[], [], [], ...(TO_STATE[state] ?? [])];
  return TO_STATE[state];
}

/** @param pick draws one of several */
export function leadsTo({ state, kinds }: Focus, pick: <T>(among: readonly T[]) => T): readonly Lead[] {
  const ways = [...kinds.map((kind) => TO_KIND[kind]?.[state]), generalWays(state, kinds)].flatMap((each) =>
    each === undefined ? [] : [pick(each)],
  );
  return [...new Set(ways.flat()), ...(AFTERWARDS[state] ?? [])];
}

const SHALLOW: readonly FailureHow[] = ['crash', 'crash', 'power-loss', 'cut-off', 'cut-off', 'blip', 'reboot'];
const DEEP: readonly FailureHow[] = ['crash', 'crash', 'power-loss', 'cut-off', 'cut-off'];
const HOWS: Partial<Readonly<Record<FaultKind, readonly FailureHow[]>>> = {
  'instance-evacuated': ['crash', 'power-loss'],
  'host-loses-power': ['crash', 'cut-off'],
  'host-powered-on': ['power-loss'],
  'bmc-lies-off': ['crash', 'cut-off'],
  'bmc-stuck': ['crash', 'cut-off'],
  'bmc-conflict': ['crash', 'cut-off'],
  'bmc-late-effect': ['crash', 'cut-off'],
  'service-seen-down': ['false-alarm'],
  'instance-moved': ['cut-off', 'false-alarm'],
};

/** How the host of a failure may fail, so that what it is for can come about; one of its kinds decides. */
export function howsFor({ state, kinds }: Focus, pick: <T>(among: readonly T[]) => T): readonly FailureHow[] {
  const asked = kinds.flatMap((kind) => (HOWS[kind] === undefined ? [] : [HOWS[kind]]));
  if (asked.length > 0) return pick(asked);
  return ['none', 'suspected', 'held'].includes(state) ? SHALLOW : DEEP;
}

const OF_DEVICES: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'bmc-hangs',
  'bmc-errors',
  'bmc-refuses',
  'bmc-slow',
  'bmc-lies-on',
  'bmc-wrong-host',
]);

/** Whether what it is for comes about where a proof has to be renewed while evacuations are on their way. */
export const wantsRenewals = ({ state, kinds }: Focus): boolean =>
  ['fencing', 'forcing-down', 'planning'].includes(state)
    ? kinds.some((kind) => OF_EVACUATIONS.includes(kind) || kind === 'forced-up')
    : state.startsWith('task ') && kinds.some((kind) => OF_DEVICES.has(kind));
