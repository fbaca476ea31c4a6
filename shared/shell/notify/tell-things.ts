import {
  ALONE,
  type Crowded,
  endedThreads,
  isLasting,
  type OpenThread,
  split,
  type Thing,
  type Together,
  withNews,
} from '#shared/domain/notify/crowd.ts';
import { isAtLeast, type Notice } from '#shared/domain/notify/notice.ts';
import { overWords } from '#shared/domain/notify/together-words.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Loaded } from '#shared/state/items.ts';
import { threadEnded, threadWrite } from '#shared/state/notices.ts';
import type { Telling } from './telling.ts';

/** A thing that is followed, with what was found of it now. */
export interface Followee {
  readonly thing: Omit<Thing, 'crowd'>;
  /** Undefined: nothing was ever told of it. */
  readonly crowd: Crowded | undefined;
  readonly notices: readonly Notice[];
  /** What is on record of it then; undefined when that is there already. */
  readonly write: (channels: readonly string[], crowd: Crowded | undefined) => StateWrite | undefined;
}

/**
 * Queues what was found: of each by itself, or of several together. What is told of several goes first: who dies behind it has
 * told of some things twice, and of none never.
 * @returns the threads that are open then
 */
export async function tellThings(
  tell: Telling,
  followees: readonly Followee[],
  threads: ReadonlyMap<string, Loaded<OpenThread>>,
  how: Parameters<typeof split>[2],
): Promise<ReadonlySet<string>> {
  const { nowMs } = how;
  const things = followees.map(
    ({ thing, crowd = ALONE, notices }): Thing => ({ ...thing, crowd: withNews(crowd, notices, nowMs) }),
  );
  const open = [...threads.values()].map(({ value }) => value);
  const found = split(things, open, how);
  const live = new Set(threads.keys());
  for (const [thread, together] of Map.groupBy(found.together, ({ notice }) => notice.thread)) {
    const before = threads.get(thread);
    const notices = together.map(({ notice }) => notice);
    const lasting = notices.find(isLasting);
    if (lasting !== undefined) live.add(thread);
    await tell.add(notices, before?.value.channels ?? [], (channels) => {
      if (lasting === undefined && before === undefined) return {};
      const value = before?.value ?? begun(together[0], lasting ?? notices[0]);
      return value === undefined ? {} : { write: threadWrite(before ?? { version: 'absent' }, { ...value, channels }) };
    });
  }
  const now: Thing[] = [];
  for (const [index, { thing, crowd, write }] of followees.entries()) {
    const told = found.things.get(thing.id);
    const after = told?.crowd ?? crowd;
    await tell.add(told?.alone ?? [], thing.channels, (channels) => {
      const made = write(channels, after);
      return made === undefined ? {} : { write: made };
    });
    const was = things[index];
    if (was !== undefined) now.push({ ...was, crowd: after ?? ALONE });
  }
  for (const ended of endedThreads(open, now)) {
    const loaded = threads.get(ended.thread);
    if (loaded === undefined || found.together.some(({ notice }) => notice.thread === ended.thread)) continue;
    live.delete(ended.thread);
    await tell.add([overWords(ended, nowMs)], ended.channels, () => ({ write: threadEnded(loaded) }), 'told');
  }
  return live;
}

function begun(together: Together | undefined, notice: Notice | undefined): OpenThread | undefined {
  if (together === undefined || notice === undefined || notice.segment === null) return undefined;
  const { thread, segment, title, severity } = notice;
  return { thread, of: together.of, segment, title, isCritical: isAtLeast(severity, 'critical'), channels: [] };
}
