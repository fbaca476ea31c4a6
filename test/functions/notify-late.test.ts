/** What comes too late, and what does not reach everybody. */
import { afterEach, expect, it } from 'vitest';
import { notify } from '#functions/notify.ts';
import { notifySymptoms } from '#shared/domain/doctor/notify.ts';
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
