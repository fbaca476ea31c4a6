/** The dead-man's signal comes while the pipeline works, and stops when a part of it does not. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { notify } from '#functions/notify.ts';
import { sweep } from '#functions/sweep.ts';
import { watchHosts } from '#functions/watch-hosts.ts';
import type { Told } from '#shared/ports.ts';
import { loadHeartbeat } from '#shared/state/notices.ts';
import { anEvent, aPolicy, seconds } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

const policy = aPolicy({
  watch: { everySeconds: 5 },
  notify: { heartbeat: { credentials: 'healthchecks', everySeconds: 60 } },
});
let services: FakeServices;
let answer: Told;
/** When each came, in minutes. */
let beats: number[];
let startMs: number;
const minute = (): number => Math.round((services.clock.nowMs - startMs) / 60_000);

beforeEach(async () => {
  answer = { kind: 'taken', detail: '' };
  beats = [];
  const notifier = {
    tell: async () => answer,
    beat: async () => {
      beats.push(minute());
      return answer;
    },
  };
  services = Object.assign(fakeServices(policy), { notifier });
  startMs = services.clock.nowMs;
  // Nobody is down.
  services.cloud.services = services.cloud.services.map((each) => ({ ...each, state: 'up' }));
  await mirrorInventory(services);
});
afterEach(() => services.state.close());

type Part = 'sweep' | 'watch';
/** Each minute what runs by the clock; the looks of a minute as one. @param without what does not run */
async function run(minutes: number, ...without: readonly Part[]): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 1) {
    services.clock.nowMs += seconds(60);
    if (!without.includes('sweep')) await sweep(services).catch(() => undefined);
    services.outbox.take();
    const look = { type: 'watch-hosts', version: 1, atMs: services.clock.nowMs } as const;
    services.cloud.services = services.cloud.services.map((each) => ({
      ...each,
      lastReportAtMs: services.clock.nowMs - seconds(5),
    }));
    if (!without.includes('watch')) await watchHosts.handle(services, [aRecord(look)]);
    services.outbox.take();
    await notify(services);
    await notify(services);
  }
}
const stateNow = async () => (await loadHeartbeat(services.state)).value;

it('comes once a minute, however often somebody looks', async () => {
  await run(5);
  expect(beats).toEqual([1, 2, 3, 4, 5]);
  expect(await stateNow()).toMatchObject({ taken: 5, withheldSinceMs: null });
});

it('stops when what is due of a host can not be read, and nobody pushes it on', async () => {
  const key = { partition: 'host#lost', sort: 'state', dueAtMs: services.clock.nowMs };
  await services.state.transact([{ kind: 'put', ...key, expect: 'absent', body: { unreadable: 'not {JSON' } }]);
  await run(8);
  expect(beats).toEqual([1, 2, 3, 4, 5]);
  expect((await stateNow()).because).toEqual(['host#lost can not be read, and stands still']);
});

it('stops when the watcher is blind, and comes again when it sees', async () => {
  await run(2);
  services.cloud.novaIsAway = true;
  await run(6, 'watch');
  expect(beats).toEqual([1, 2, 3, 4, 5]);
  expect((await stateNow()).because).toEqual([expect.stringContaining('the watcher is blind')]);
  expect(services.lines.filter(({ fields }) => 'fact' in fields && fields.fact === 'not-alive')).toHaveLength(3);
  services.cloud.novaIsAway = false;
  await run(1);
  expect(beats.at(-1)).toBe(9);
  expect(await stateNow()).toMatchObject({ withheldSinceMs: null, because: [] });
});

it('stops when sweep does not run', async () => {
  await run(2);
  await run(6, 'sweep');
  expect(beats).toEqual([1, 2, 3, 4, 5]);
  expect((await stateNow()).because).toEqual([expect.stringContaining('sweep has not run')]);
});

it('stops when a timer chain has broken, although sweep pushes', async () => {
  await run(1);
  // Suspected: its grace period ends, and nobody takes the messages that say so.
  const pipeline = new Pipeline(services);
  pipeline.hear(anEvent({ atMs: services.clock.nowMs }));
  await pipeline.run(1);
  await run(12);
  const last = beats.at(-1) ?? 0;
  expect(last).toBeGreaterThanOrEqual(6);
  expect(last).toBeLessThan(11);
  expect((await stateNow()).because).toEqual([expect.stringMatching(/^the next step of compute-1 is overdue/)]);
});

it('that does not arrive is tried sooner, and shows', async () => {
  answer = { kind: 'failed', detail: 'answered 404', isRefusal: false };
  await run(2);
  expect(await stateNow()).toMatchObject({ taken: 0, lastFailure: 'answered 404', withheldSinceMs: null });
  expect((await stateNow()).nextAtMs - services.clock.nowMs).toBeLessThan(seconds(60));
  answer = { kind: 'taken', detail: '' };
  await run(1);
  expect(await stateNow()).toMatchObject({ taken: 1, failingSinceMs: null });
});
