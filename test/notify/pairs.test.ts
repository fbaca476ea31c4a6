/** Whatever happens to however many: each trouble that was told is ended once, and nothing follows its end. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  ALONE,
  endedThreads,
  isLasting,
  type OpenThread,
  split,
  type Thing,
  withNews,
} from '#shared/domain/notify/crowd.ts';
import type { Notice } from '#shared/domain/notify/notice.ts';
import { overWords } from '#shared/domain/notify/together-words.ts';
import { NOW_MS, seconds } from '#test/support/builders.ts';

const HOSTS = 9;
const KINDS = [
  { kind: 'opened', severity: 'warning', state: 'open' },
  { kind: 'held', severity: 'critical', state: 'open' },
  { kind: 'needs-a-person', severity: 'critical', state: 'open' },
  { kind: 'fenced', severity: 'info', state: 'open' },
  { kind: 'person-acted', severity: 'info', state: 'acknowledged' },
] as const;
const END = { kind: 'closed', severity: 'info', state: 'over' } as const;

/** What one channel that takes all is told, in its order; as `tellThings` does it, without a store. */
class World {
  nowMs = NOW_MS;
  readonly told: Notice[] = [];
  private things: readonly Thing[] = [];
  private threads: readonly OpenThread[] = [];
  private count = 0;

  open(host: number): boolean {
    return this.things.some(({ name, isOpen }) => name === `h${host}` && isOpen);
  }

  say(host: number, words: Pick<Notice, 'kind' | 'severity' | 'state'>): void {
    this.count += 1;
    const name = `h${host}`;
    if (!this.open(host)) {
      const id = `${name}-${this.count}`;
      const thing = { id, of: 'host', name, segment: 'az1', isOpen: true, channels: [], crowd: ALONE } as const;
      this.things = [...this.things, thing];
    }
    this.things = this.things.map((thing) => {
      if (thing.name !== name || !thing.isOpen) return thing;
      const about = { thread: thing.id, incidentId: thing.id, host: name, segment: 'az1', ask: null };
      const notice = { ...about, ...words, id: `${this.count}`, atMs: this.nowMs, title: name, body: name };
      const crowd = withNews(thing.crowd, [notice], this.nowMs);
      return { ...thing, crowd, isOpen: words.state !== 'over' };
    });
  }

  look(after: number): void {
    this.nowMs += seconds(after);
    const found = split(this.things, this.threads, { nowMs: this.nowMs, from: 4, most: 99 });
    const before = this.threads;
    for (const { notice, of } of found.together) {
      this.told.push(notice);
      const { thread, title, severity } = notice;
      if (!isLasting(notice) || this.threads.some((each) => each.thread === thread)) continue;
      const made = { thread, of, segment: 'az1', title, isCritical: severity === 'critical', channels: ['c'] };
      this.threads = [...this.threads, made];
    }
    this.things = this.things.map((thing) => {
      const now = found.things.get(thing.id);
      if (now === undefined) return thing;
      this.told.push(...now.alone);
      return { ...thing, crowd: now.crowd, channels: now.alone.length > 0 ? ['c'] : thing.channels };
    });
    for (const ended of endedThreads(before, this.things)) {
      if (found.together.some(({ notice }) => notice.thread === ended.thread)) continue;
      this.told.push(overWords(ended, this.nowMs));
      this.threads = this.threads.filter(({ thread }) => thread !== ended.thread);
    }
  }
}

it('in any order', () => {
  const step = fc.record({
    host: fc.integer({ min: 0, max: HOSTS - 1 }),
    what: fc.integer({ min: 0, max: KINDS.length }),
    after: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 700 })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const world = new World();
      for (const { host, what, after } of steps) {
        const words = KINDS[what] ?? END;
        // An incident begins with its opening.
        world.say(host, world.open(host) ? words : KINDS[0]);
        world.look(after);
      }
      for (let host = 0; host < HOSTS; host += 1) if (world.open(host)) world.say(host, END);
      for (let looks = 0; looks < 12; looks += 1) world.look(300);
      const ids = world.told.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const [thread, own] of Map.groupBy(world.told, (each) => each.thread)) {
        if (!own.some(({ state }) => state === 'open')) continue;
        const ends = own.filter(({ state }) => state === 'over').length;
        expect([thread, ends, own.at(-1)?.state]).toEqual([thread, 1, 'over']);
      }
    }),
    { numRuns: 300 },
  );
});
