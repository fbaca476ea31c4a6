import { QUEUES } from '#events/catalog.ts';
import { Draft } from './draft.ts';
import { openIncidents } from './ends.ts';
import { type Move, movesOf, type Part, type Word, words } from './moves.ts';
import { dueIn } from './outside.ts';
import { type Fault, type State, without } from './state.ts';
import { sealed, stepsOf, type Transition, type World } from './steps.ts';
import { T0 } from './values.ts';

const SWEEP_EVERY_MS = 60_000;
const OVERDUE_MS = 30_000;

export interface Bounds {
  /** Functions under way at the same time. */
  readonly atOnce: number;
  /** How long one may be kept waiting, or a message lie about, in ms. */
  readonly pausesMs: readonly number[];
  /** The hosts that things happen to. */
  readonly suspects: readonly string[];
}

/**
 * Every way to go on from a state. The first one without a fault is what a fair scheduler does: functions under way
 * first, then messages, then the cloud, then the sweep, then time.
 */
export async function successors(world: World, bounds: Bounds, state: State): Promise<readonly Transition[]> {
  const { tables, runs } = world;
  const budget = tables.budgets.get(state.budget);
  const left = (fault: Fault): number => budget[fault] ?? 0;
  const may = (fault: Fault): boolean => left(fault) > 0;
  const all: Transition[] = [];
  const maySwitch = state.active === 0 || may('switch');
  const leave = (from: State): State =>
    state.active === 0 ? from : { ...from, budget: tables.spent(state.budget, 'switch'), active: 0 };
  const switched = (list: readonly Transition[]): readonly Transition[] =>
    state.active === 0 ? list : list.map((each) => ({ ...each, fault: each.fault ?? 'switch' }));
  // The one that took the last step first: to go on with it costs no switch.
  for (const run of new Set([state.active, ...state.runs])) {
    if (run === 0 || (run !== state.active && !maySwitch)) continue;
    const others = { ...state, runs: without(state.runs, run) };
    if (run === state.active) all.push(...(await stepsOf(world, { ...others, active: 0 }, run, may)));
    else all.push(...switched(await stepsOf(world, leave(others), run, may)));
  }
  const waiting = [...new Set(state.queue)].filter((id) => tables.messages.get(id).atMs <= T0);
  const room = state.runs.length < bounds.atOnce && maySwitch;
  if (room) for (const id of waiting) all.push(...switched(await deliveries(world, leave(state), id, may)));

  const looks = new Set(
    state.runs.length === 0 ? ALL : state.runs.flatMap((run) => LOOKS_AT[pendingOf(world, run)] ?? []),
  );
  const cloudMoves = movesOf(tables.clouds.get(state.cloud), bounds.suspects).filter(
    ({ fault, part }) => (fault === undefined || may(fault)) && looks.has(part),
  );
  for (const due of [true, undefined])
    for (const move of cloudMoves) if (move.due === due) all.push(moved(world, state, move));

  const sweepMs = sweepDueMs(world, state);
  if (sweepMs !== undefined && sweepMs <= T0 && room) {
    const draft = new Draft(leave(state), tables, runs);
    draft.cloud = { ...draft.cloud, sweptAtMs: T0 };
    all.push(...switched(await stepsOf(world, draft.seal(false), runs.start(0), may, 'it is time: ')));
  }
  if (state.runs.length === 0 && waiting.length === 0) {
    const ms = untilNextMs(world, state, sweepMs);
    if (ms !== undefined) all.push(passing(world, state, ms, undefined));
  } else if (may('pause')) {
    const most = Math.min(untilDeadlineMs(world, state), ...state.runs.map((run) => runs.leftMs(run)));
    for (const ms of bounds.pausesMs) if (ms <= most) all.push(passing(world, state, ms, 'pause'));
  }
  if (room || may('pause'))
    for (const word of words(bounds.suspects, openIncidents(world, state), budget))
      all.push(...(await spoken(world, room ? leave(state) : state, word, room, may)));
  return all;
}

const POWER: readonly Part[] = ['power'];
const SERVICES: readonly Part[] = ['power', 'services'];
const ALL: readonly Part[] = ['power', 'services', 'instances'];
/**
 * What a call may see of the cloud, or change; with it come the parts on which that depends. A move of the cloud
 * that no pending call could see changes places with the steps of functions: it is left until one could, or until
 * none is under way.
 */
const LOOKS_AT: Readonly<Record<string, readonly Part[]>> = {
  readPower: POWER,
  powerOff: POWER,
  forceDown: SERVICES,
  services: SERVICES,
  service: SERVICES,
  serversOn: ALL,
  server: ALL,
  evacuationsFrom: ALL,
  evacuate: ALL,
};

function pendingOf({ runs }: World, run: number): string {
  const progress = runs.known(run);
  return progress !== undefined && 'pending' in progress ? progress.pending.name : '';
}

function moved({ tables, runs }: World, state: State, { label, fault, after }: Move): Transition {
  const draft = new Draft(state, tables, runs);
  if (fault !== undefined) draft.spend(fault);
  draft.cloud = after;
  return { label, fault, ...sealed(draft) };
}

/** Somebody speaks, and is heard at once; or only after a pause, if there may be one. */
async function spoken(
  world: World,
  state: State,
  { label, fault, message }: Word,
  room: boolean,
  may: (fault: Fault) => boolean,
): Promise<readonly Transition[]> {
  const draft = new Draft(state, world.tables, world.runs).spend(fault);
  const id = draft.put(message, 0);
  const all: Transition[] = [];
  const waits = draft.seal(true);
  if (may('pause')) all.push({ label, fault, state: waits, breaches: [] });
  if (!room) return all;
  const heard = await deliveries(world, waits, id, may);
  return [...all, ...heard.map((each): Transition => ({ ...each, label: `${label}; ${each.label}`, fault }))];
}

/** A message is received, and its function makes its first call. Queues repeat themselves, and functions die at once. */
async function deliveries(
  world: World,
  state: State,
  id: number,
  may: (fault: Fault) => boolean,
): Promise<readonly Transition[]> {
  const { tables, runs } = world;
  const message = tables.messages.get(id);
  const taken = (): Draft => {
    const draft = new Draft(state, tables, runs);
    draft.receive(id);
    return draft;
  };
  const all = [...(await stepsOf(world, taken().seal(false), runs.start(id), may, 'received: '))];
  if (may('duplicate'))
    for (const more of [0, 1]) {
      const draft = taken().spend('duplicate');
      draft.enqueue({ ...message, receives: message.receives + more });
      const first = await stepsOf(world, draft.seal(false), runs.start(id), () => false, 'received, and stays: ');
      all.push(...first.map((each): Transition => ({ ...each, fault: 'duplicate' })));
    }
  if (may('crash'))
    for (const late of [false, true]) {
      const draft = taken().spend('crash');
      const visibleMs = late ? QUEUES[message.queue].visibilityTimeoutSeconds * 1000 : 0;
      draft.enqueue({ ...message, atMs: T0 + visibleMs, receives: message.receives + 1 });
      const label = `${message.queue}: received, and it dies at once; comes again${late ? ' late' : ''}`;
      all.push({ label, fault: 'crash', ...sealed(draft) });
    }
  return all;
}

function passing(world: World, state: State, ms: number, fault: 'pause' | undefined): Transition {
  const draft = new Draft(state, world.tables, world.runs);
  if (fault !== undefined) draft.spend(fault);
  draft.pass(ms);
  const { sweptAtMs } = draft.cloud;
  if (sweptAtMs !== null && sweptAtMs + SWEEP_EVERY_MS <= T0) draft.cloud = { ...draft.cloud, sweptAtMs: null };
  return { label: `${ms / 1000} s pass${fault === undefined ? '' : ' though there is work'}`, fault, ...sealed(draft) };
}

/** When `sweep` finds something to do; it looks for what is late by 30 s, once a minute. */
function sweepDueMs(world: World, state: State): number | undefined {
  const draft = new Draft(state, world.tables, world.runs);
  const open = dueIn(draft, Number.MAX_SAFE_INTEGER).filter(
    ({ body, partition }) =>
      partition.startsWith('host#') && (body.incident as { readonly status: string } | null)?.status !== 'stopped',
  );
  const [first] = open;
  if (first?.dueAtMs === undefined) return undefined;
  const { sweptAtMs } = draft.cloud;
  return Math.max(first.dueAtMs + OVERDUE_MS, sweptAtMs === null ? 0 : sweptAtMs + SWEEP_EVERY_MS);
}

/** What Nova or a device still owes comes about within its time: nothing may pass that. */
function untilDeadlineMs({ tables }: World, state: State): number {
  const { landings, hosts } = tables.clouds.get(state.cloud);
  const deadlines = [...landings.map((each) => each.beforeMs), ...Object.values(hosts).map((each) => each.offBeforeMs)];
  return Math.min(Number.POSITIVE_INFINITY, ...deadlines.filter((each) => each !== null).map((each) => each - T0));
}

function untilNextMs(world: World, state: State, sweepMs: number | undefined): number | undefined {
  const messages = state.queue.map((id) => world.tables.messages.get(id).atMs);
  const moments = [...messages, ...(sweepMs === undefined ? [] : [sweepMs])].filter((atMs) => atMs > T0);
  const deadlineMs = untilDeadlineMs(world, state);
  const ms = Math.min(...moments.map((atMs) => atMs - T0), deadlineMs);
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}
