import { type Disarmed, type GuardState, inForce, NO_GUARD, type Stop } from '#shared/domain/guards.ts';
import type { ItemKey, StateReader, StateWrite, StoredItem } from '#shared/ports.ts';
import { decode, type Loaded, load, put, readEach } from './items.ts';

/** A segment's guard, or the global one. */
export type GuardName = { readonly segment: string } | 'global';

const PREFIX = 'guard#';
const GLOBAL = `${PREFIX}global`;
const SEGMENT_PREFIX = `${PREFIX}segment#`;

const keyOf = (name: GuardName): ItemKey => ({
  partition: name === 'global' ? GLOBAL : `${SEGMENT_PREFIX}${name.segment}`,
  sort: 'state',
});

export async function loadGuard(state: StateReader, name: GuardName): Promise<Loaded<GuardState>> {
  const loaded = await load<WrittenGuard>(state, keyOf(name));
  return loaded === undefined ? { value: NO_GUARD, version: 'absent' } : { ...loaded, value: raised(loaded.value) };
}

/** A guard may be from before there were switches and more than one stop. */
type WrittenGuard = Partial<GuardState> & { readonly stopped?: Stop | null };
const raised = ({ stopped, ...guard }: WrittenGuard): GuardState => ({
  ...NO_GUARD,
  ...(stopped ? { stops: [stopped] } : {}),
  ...guard,
});

/** Both guards that hosts of a segment are under. */
export interface LoadedGuards {
  readonly segment: Loaded<GuardState>;
  readonly global: Loaded<GuardState>;
}

export async function loadGuards(state: StateReader, segment: string): Promise<LoadedGuards> {
  const [ofSegment, global] = await Promise.all([loadGuard(state, { segment }), loadGuard(state, 'global')]);
  return { segment: ofSegment, global };
}

/** One that is disarmed lies among what is due, for `sweep` and for people to see. */
export const guardWrite = (
  name: GuardName,
  { version }: Pick<Loaded<GuardState>, 'version'>,
  guard: GuardState,
): StateWrite =>
  put(keyOf(name), version, guard, guard.disarmed === null ? {} : { dueAtMs: Math.round(guard.disarmed.atMs) });

/** The transaction fails when anybody has written either guard since. */
export const guardChecks = (segment: string, guards: LoadedGuards): readonly StateWrite[] => [
  guardCheck({ segment }, guards.segment),
  guardCheck('global', guards.global),
];

export const guardCheck = (name: GuardName, { version }: Pick<Loaded<GuardState>, 'version'>): StateWrite => ({
  kind: 'check',
  ...keyOf(name),
  expect: version,
});

/** A switch that an operator has moved. */
export interface Switched {
  readonly name: GuardName;
  readonly disarmed: Disarmed;
}

/** The switches among what is due that are off now. */
export function disarmedAmong(due: readonly StoredItem[], nowMs: number): ReturnType<typeof readEach<Switched>> {
  const read = readEach(
    due.filter(({ partition }) => partition.startsWith(PREFIX)),
    (item) => {
      const name = item.partition === GLOBAL ? 'global' : { segment: item.partition.slice(SEGMENT_PREFIX.length) };
      return { name, disarmed: inForce(raised(decode<WrittenGuard>(item)), nowMs) } as const;
    },
  );
  return { ...read, values: read.values.flatMap(({ name, disarmed }) => (disarmed ? [{ name, disarmed }] : [])) };
}
