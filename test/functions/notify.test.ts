/** Whoever tells may die at any point, or run twice: each notice arrives, and under one id. */
import { afterEach, expect, it } from 'vitest';
import { notify } from '#functions/notify.ts';
import { findNotices } from '#shared/shell/notify/find-notices.ts';
import { loadChannel, loadQueued } from '#shared/state/notices.ts';
import { setupTold } from '#test/notify/told.ts';
import { aPolicy, seconds } from '#test/support/builders.ts';
import type { FakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

let services: FakeServices;
afterEach(() => services.state.close());
function setup(...given: Parameters<typeof setupTold>) {
  const made = setupTold(...given);
  services = made.services;
  return made;
}

const STEPS = 20;
/** A host dies and is recovered; somebody looks before, in between, and after. */
async function recovery(lookAt: () => Promise<unknown>): Promise<void> {
  const pipeline = new Pipeline(services);
  await pipeline.start();
  await lookAt();
  pipeline.report();
  for (let step = 0; step < STEPS; step += 1) {
    const endMs = services.clock.now() + seconds(30);
    await pipeline.run(30);
    services.clock.nowMs = Math.max(services.clock.nowMs, endMs);
    await lookAt();
  }
}

const TOLD = [/^\/opened\/1$/, /^\/fenced\/\d+$/, /^\/closed\/\d+$/];
const once = () =>
  expect.toSatisfy(
    (ids: readonly string[]) => ids.length === 3 && TOLD.every((each, index) => each.test(ids[index] ?? '')),
  );

it('tells each channel once of each change, in their order', async () => {
  const { idsBy } = setup();
  await recovery(() => notify(services));
  expect(idsBy('a')).toEqual(once());
  expect(idsBy('b')).toEqual(idsBy('a'));
  expect(await loadQueued(services.state, 'a', 10)).toEqual([]);
  expect((await loadChannel(services.state, 'a')).value).toMatchObject({ taken: 3, failed: 0, leaseUntilMs: 0 });
});

it('is the same with four that look at once', async () => {
  const { idsBy } = setup();
  await recovery(() => Promise.all([1, 2, 3, 4].map(() => notify(services))));
  expect(idsBy('a')).toEqual(once());
  expect(idsBy('b')).toEqual(once());
});

it('tells nothing of what is over when it looks for the first time, and goes on with what is open', async () => {
  const { sent } = setup();
  let looks = 0;
  await recovery(async () => {
    looks += 1;
    if (looks === STEPS + 1) await notify(services);
  });
  expect(sent).toEqual([]);
});

it.each(['fails', 'fails-afterwards', 'conflicts'] as const)('loses nothing when any one write %s', async (fault) => {
  for (let call = 0; call < 12; call += 1) {
    const { idsBy } = setup();
    let looks = 0;
    await recovery(async () => {
      looks += 1;
      if (looks === 2) services.state.faults.plan(fault, call);
      await notify(services).catch(() => undefined);
    });
    // A repeat has the id of the first: its receiver tells.
    expect([...new Set(idsBy('a'))], `write ${call}`).toEqual(once());
    expect([...new Set(idsBy('b'))], `write ${call}`).toEqual(once());
    expect(idsBy('a').length, `write ${call}`).toBeLessThanOrEqual(4);
    services.state.close();
  }
  setup();
});

it('sends again what its sender died at, once the lease is over, and the other channel does not wait', async () => {
  let dies = true;
  const { idsBy } = setup((channel) => {
    if (channel === 'a' && dies) {
      dies = false;
      throw new Error('killed');
    }
    return { kind: 'taken', detail: '' };
  });
  await recovery(() => notify(services).catch(() => undefined));
  expect(idsBy('a')).toEqual(once());
  expect(idsBy('b')).toEqual(once());
});

it('keeps what a channel does not take, says so, and brings it in its order later', async () => {
  let isDown = true;
  const { idsBy } = setup((channel) =>
    channel === 'a' && isDown
      ? { kind: 'failed', detail: 'answered 503', isRefusal: false }
      : { kind: 'taken', detail: '' },
  );
  await recovery(() => notify(services));
  expect(idsBy('a')).toEqual([]);
  expect(idsBy('b')).toEqual(once());
  expect((await loadChannel(services.state, 'a')).value).toMatchObject({ taken: 0, lastFailure: 'answered 503' });
  expect(
    services.lines.find(({ fields }) => 'fact' in fields && fields.fact === 'notify-failed')?.fields,
  ).toMatchObject({
    channel: 'a',
    because: 'answered 503',
  });
  isDown = false;
  services.clock.nowMs += seconds(600);
  await notify(services);
  expect(idsBy('a')).toEqual(once());
});

it('sends what waits, and its heartbeat, although it can not find what is new', async () => {
  const { idsBy, beats } = setup();
  const settings = services.policy.notify;
  if (settings === undefined) throw new Error('the policy tells nobody');
  Object.assign(services, {
    policy: aPolicy({ watch: { everySeconds: 0 }, notify: { ...settings, heartbeat: { credentials: 'h' } } }),
  });
  const pipeline = new Pipeline(services);
  await pipeline.start();
  await notify(services);
  pipeline.report();
  await pipeline.run(70);
  await findNotices(services, settings);
  const broken = services.state.query;
  services.state.query = (partition, options) => {
    if (partition === 'incidents') throw new Error('it can not be read');
    return broken(partition, options);
  };
  await expect(notify(services)).rejects.toThrow('it can not be read');
  expect(idsBy('a')).toEqual(['/opened/1']);
  expect(idsBy('b')).toEqual(['/opened/1']);
  expect(beats()).toBe(1);
});

it('does nothing where nobody is to be told', async () => {
  setup();
  const nobody = { ...services, policy: aPolicy() };
  const { writes } = await services.state.counted(async () => expect(await notify(nobody)).toBe(0));
  expect(writes).toBe(0);
});
