import { QUEUES } from '#events/catalog.ts';
import type { ItemKey, OutgoingMessage, StateWrite } from '#shared/ports.ts';
import { Draft } from './draft.ts';
import { checkState } from './invariants.ts';
import { type Caller, type Outcome, outcomesOf } from './outside.ts';
import type { Call, Progress, Setting } from './replay.ts';
import type { Runs } from './runs.ts';
import type { Breach, Fault, Message, State, Tables } from './state.ts';
import { T0 } from './values.ts';

/** One way from a state to the next. */
export interface Transition {
  readonly label: string;
  readonly fault: Fault | undefined;
  readonly state: State;
  readonly breaches: readonly Breach[];
}

export interface World {
  readonly setting: Setting;
  readonly tables: Tables;
  readonly runs: Runs;
}

/** Calls after which the outside is not as it was: only behind these a crash differs from one before. */
const HAS_EFFECT: ReadonlySet<string> = new Set([
  'transact',
  'send',
  'powerOff',
  'forceDown',
  'evacuate',
  'resetStateToActive',
]);

/** Everything that may come of the next call of a function under way. */
export async function stepsOf(
  world: World,
  state: State,
  run: number,
  may: (fault: Fault) => boolean,
  prefix = '',
): Promise<readonly Transition[]> {
  const progress = world.runs.known(run) ?? (await world.runs.find(run));
  if ('ended' in progress) throw new Error('a function that has ended takes no step');
  const { pending } = progress;
  const caller = callerOf(world, run);
  const transitions: Transition[] = [];
  for (const outcome of outcomesOf(pending, caller)) {
    if (outcome.fault !== undefined && !may(outcome.fault)) continue;
    const draft = new Draft(state, world.tables, world.runs);
    if (outcome.fault !== undefined) draft.spend(outcome.fault);
    const step = { world, draft, run, pending, outcome, label: `${prefix}${labelOf(world, run, pending, outcome)}` };
    await take(step, may, transitions);
  }
  return transitions;
}

interface Step {
  readonly world: World;
  readonly draft: Draft;
  readonly run: number;
  readonly pending: Call;
  readonly outcome: Outcome;
  readonly label: string;
}

async function take(
  { world, draft, run, pending, outcome, label }: Step,
  may: (fault: Fault) => boolean,
  into: Transition[],
): Promise<void> {
  const { runs } = world;
  let current = run;
  if (outcome.takesMs !== undefined) {
    draft.pass(outcome.takesMs);
    current = runs.older(run, outcome.takesMs);
  }
  const result = outcome.happens(draft);
  draft.end(current);
  const next = runs.answered(current, pending.key, result);
  const progress = runs.known(next) ?? (await runs.find(next));
  const after = draft.seal(false);
  const crashes = (from: State, how: string): void => {
    if (!may('crash') || outcome.fault === 'crash') return;
    for (const late of [false, true])
      into.push(
        crashed(
          world,
          from,
          current,
          `${label}${how}, ${late ? 'and comes again late' : 'and comes again'}`,
          late,
          draft,
        ),
      );
  };
  const goesOn = (from: State, id: number, where: Progress, how: string): void => {
    into.push(ended(world, from, id, where, `${label}${how}`, draft, outcome.fault));
  };
  if (!('pending' in progress) || progress.pending.name !== 'send') {
    goesOn(after, next, progress, '');
    if (HAS_EFFECT.has(pending.name) && 'value' in result) crashes(after, '; then it dies');
    return;
  }
  // To send moves earlier past whatever others do: it follows at once, unless the function dies before or amid it.
  const [messages] = progress.pending.args as [readonly OutgoingMessage[]];
  for (let sent = 0; sent < messages.length; sent += 1)
    crashes(sendTo(world, after, messages.slice(0, sent)), `; it dies when ${sent} of ${messages.length} were sent`);
  const all = sendTo(world, after, messages);
  crashes(all, `; it sends ${messages.length}, and dies`);
  const last = runs.answered(next, progress.pending.key, { value: null });
  goesOn(all, last, runs.known(last) ?? (await runs.find(last)), `; it sends ${messages.length}`);
}

function sendTo({ tables, runs }: World, state: State, messages: readonly OutgoingMessage[]): State {
  const draft = new Draft(state, tables, runs);
  draft.send(messages);
  return draft.seal(false);
}

/** The function has died: its message is received again, at once or when it is visible again. */
function crashed(
  world: World,
  state: State,
  run: number,
  label: string,
  late: boolean,
  { breaches }: Draft,
): Transition {
  const draft = new Draft(state, world.tables, world.runs).spend('crash');
  comesAgain(world, draft, run, late);
  return { label, fault: 'crash', ...sealed(draft, breaches) };
}

export function comesAgain(world: World, draft: Draft, run: number, late: boolean): void {
  const message = callerOf(world, run).message;
  if (message === undefined) return;
  const atMs = late ? T0 + QUEUES[message.queue].visibilityTimeoutSeconds * 1000 : T0;
  draft.enqueue({ ...message, atMs, receives: message.receives + 1 });
}

/** The run goes on, or its end takes its message with it. */
function ended(
  world: World,
  state: State,
  run: number,
  progress: Progress,
  label: string,
  { breaches }: Draft,
  fault: Fault | undefined,
): Transition {
  const draft = new Draft(state, world.tables, world.runs);
  if ('pending' in progress) draft.begin(run);
  else if (progress.ended === 'failed') {
    const excused = world.runs.get(run).records.some(({ result }) => 'error' in result && result.error === 'retryable');
    if (!excused) draft.breach('defect', `${world.runs.nameOf(run)} fails: ${progress.because}`);
    comesAgain(world, draft, run, true);
  }
  return { label, fault, ...sealed(draft, breaches) };
}

export function sealed(draft: Draft, earlier: readonly Breach[] = []): Pick<Transition, 'state' | 'breaches'> {
  checkState(draft);
  return { state: draft.seal(true), breaches: [...earlier, ...draft.breaches] };
}

export function callerOf({ setting, runs }: World, run: number): Caller {
  const { origin, ...rest } = runs.get(run);
  const message: Message | undefined = runs.messageOf(origin);
  return { run: { origin, ...rest }, message, setting };
}

function labelOf({ runs }: World, run: number, call: Call, { label }: Outcome): string {
  return `${runs.nameOf(run)}: ${call.name} ${subjectOf(call)}`.trimEnd() + (label === '' ? '' : `: ${label}`);
}

function subjectOf({ name, args: [first] }: Call): string {
  if (name === 'transact') return (first as readonly StateWrite[]).flatMap(factIn).join(', ');
  if (typeof first === 'string') return first;
  const key = first as Partial<ItemKey> | undefined;
  return [key?.partition, key?.sort].filter(Boolean).join(' ');
}

const factIn = (write: StateWrite): readonly string[] =>
  write.kind === 'append' ? [(write.body.fact as { readonly type: string }).type] : [];
