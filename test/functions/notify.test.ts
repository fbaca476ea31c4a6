/** Whoever tells may die at any point, or run twice: each notice arrives, and under one id. */
import { afterEach, expect, it } from 'vitest';
import { notify } from '#functions/notify.ts';
import { notifySymptoms } from '#shared/domain/doctor/notify.ts';
import type { Notifier, Told } from '#shared/ports.ts';
import { findNotices } from '#shared/shell/notify/find-notices.ts';
import { loadChannel, loadQueued } from '#shared/state/notices.ts';
import { aPolicy, type PolicyInput, seconds } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

const SETTINGS: PolicyInput['notify'] = {
  channels: { a: { type: 'slack', credentials: 'a' }, b: { type: 'slack', credentials: 'b' } },
  routes: [{ channels: ['a', 'b'], kinds: ['opened', 'fenced', 'closed'] }],
};

let services: FakeServices;
afterEach(() => services.state.close());

interface Sent {
  readonly channel: string;
  readonly id: string;
}

function setup(
  answer: (channel: string, index: number) => Told | Promise<Told> = () => ({ kind: 'taken', detail: '' }),
) {
  const sent: Sent[] = [];
  const notifier: Notifier = {
    tell: async (channel, { id }) => {
      const name = 'credentials' in channel ? (channel.credentials ?? '') : '';
      const told = await answer(name, sent.length);
      if (told.kind === 'taken') sent.push({ channel: name, id: id.replace(/^[^/]*/, '') });
      return told;
    },
    beat: async () => {
      beats += 1;
      return { kind: 'taken', detail: '' };
    },
  };
  let beats = 0;
  const fakes = fakeServices(aPolicy({ notify: SETTINGS }));
  let ids = 0;
  // Incidents are listed by the time in their ids.
  const id = (): string => {
    const time = fakes.clock.nowMs.toString(16).padStart(12, '0');
    ids += 1;
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(ids).padStart(12, '0')}`;
  };
  services = Object.assign(fakes, { notifier, chance: { id, random: () => 0.5 } });
  return {
    sent,
    beats: () => beats,
    idsBy: (channel: string) => sent.filter((each) => each.channel === channel).map((each) => each.id),
  };
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

it('sends nothing of what has waited for longer than a notice counts, and says so', async () => {
  const { idsBy, sent } = setup();
  const both = services.policy.notify;
  const one = aPolicy({
    notify: { channels: { b: { type: 'slack', credentials: 'b' } }, routes: [{ channels: ['b'] }] },
  });
  const withBoth = services.policy;
  const pipeline = new Pipeline(services);
  await pipeline.start();
  await notify(services);
  pipeline.report();
  await pipeline.run(30);
  if (both === undefined) throw new Error('the policy tells nobody');
  await findNotices(services, both);
  // The channel is taken out of the policy, and comes back.
  Object.assign(services, { policy: one });
  await notify(services);
  services.clock.nowMs += seconds(30 * 86_400);
  Object.assign(services, { policy: withBoth });
  await notify(services);
  expect(sent.map(({ channel }) => channel)).not.toContain('a');
  expect(idsBy('b')).toContain('/opened/1');
  expect(await loadQueued(services.state, 'a', 10)).toEqual([]);
  expect((await loadChannel(services.state, 'a')).value).toMatchObject({ lost: 1, failures: 0, failingSinceMs: null });
  const lost = services.lines.filter(({ fields }) => 'fact' in fields && fields.fact === 'notice-lost');
  expect(lost.map(({ fields }) => fields)).toMatchObject([
    { channel: 'a', because: expect.stringMatching(/^it has waited since /) },
  ]);
});

it('tells nothing of what had ended long before it was switched on again, and says so', async () => {
  const { sent } = setup();
  const pipeline = new Pipeline(services);
  await pipeline.start();
  await notify(services);
  pipeline.report();
  await pipeline.run();
  services.clock.nowMs += seconds(30 * 86_400);
  for (const _ of [1, 2, 3]) await notify(services);
  expect(sent).toEqual([]);
  expect(services.lines.filter(({ message }) => message.includes('ended long ago'))).toHaveLength(1);
});

it('says which of a channel a notice has not reached, until one reaches all', async () => {
  let missed: string | undefined = 'ops@example.org: 550 unknown';
  const { idsBy } = setup(() => ({
    kind: 'taken',
    detail: 'but not to all',
    ...(missed === undefined ? {} : { missed }),
  }));
  const pipeline = new Pipeline(services);
  await pipeline.start();
  await notify(services);
  pipeline.report();
  await pipeline.run(30);
  await notify(services);
  expect(idsBy('a')).toEqual(['/opened/1']);
  const { value } = await loadChannel(services.state, 'a');
  expect(value).toMatchObject({ taken: 1, failed: 1, failures: 0, failingSinceMs: null, lastFailure: missed });
  expect(notifySymptoms([{ name: 'a', ...value }], services.clock.now())).toMatchObject([
    { level: 'trouble', what: 'channel', says: `it does not reach all: ${missed}` },
  ]);
  expect(services.lines.map(({ fields }) => fields)).toContainEqual(
    expect.objectContaining({ fact: 'notify-failed', channel: 'a', because: 'but not to all' }),
  );
  missed = undefined;
  await pipeline.run(900);
  await notify(services);
  expect((await loadChannel(services.state, 'a')).value.lastFailure).toBeNull();
});

it('does nothing where nobody is to be told', async () => {
  setup();
  const nobody = { ...services, policy: aPolicy() };
  const { writes } = await services.state.counted(async () => expect(await notify(nobody)).toBe(0));
  expect(writes).toBe(0);
});
