/** A rack loses its power: few notices, of all of its hosts, and each trouble that was told has its end. */
import { afterEach, expect, it } from 'vitest';
import { appendFacts, auditWrite, FIRST, type Head, streamOfIncident } from '#shared/domain/audit.ts';
import type { HostFact } from '#shared/domain/host.ts';
import type { Notice } from '#shared/domain/notify/notice.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import { findNotices } from '#shared/shell/notify/find-notices.ts';
import type { IncidentEntry } from '#shared/state/hosts.ts';
import { all, decode, put } from '#shared/state/items.ts';
import { type Delivery, loadFollowed, loadThreads } from '#shared/state/notices.ts';
import { aPolicy, aProof, NOW_MS, seconds } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';

let services: FakeServices;
let heads: Map<number, Head>;
afterEach(() => services.state.close());

function setup(): void {
  const channels = {
    pager: { type: 'pagerduty' as const, credentials: 'p' },
    chat: { type: 'slack' as const, credentials: 'c' },
  };
  const routes = [
    { channels: ['pager'], kinds: ['opened', 'held', 'needs-a-person', 'closed'] as const, minSeverity: 'critical' },
    { channels: ['chat'], kinds: ['opened', 'held', 'needs-a-person', 'fenced', 'closed'] as const },
  ];
  services = fakeServices(aPolicy({ notify: { channels, routes } as never }));
  heads = new Map();
}

const idOf = (index: number): string => {
  const time = NOW_MS.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(index).padStart(12, '0')}`;
};
const entryOf = (index: number, closedAtMs: number | null): IncidentEntry => ({
  id: idOf(index),
  host: `compute-${index}`,
  hostKey: `k${index}`,
  segment: 'az1',
  openedAtMs: NOW_MS,
  closedAtMs,
  outcome: closedAtMs === null ? null : 'recovered',
  because: 'a test',
  counts: {},
  auditHead: null,
});

/** Whatever a write of the test itself meets is no part of it. */
async function say(index: number, ...facts: readonly HostFact[]): Promise<void> {
  const { records, head } = appendFacts(
    streamOfIncident(idOf(index)),
    heads.get(index) ?? FIRST,
    facts,
    services.clock.nowMs,
  );
  const isNew = !heads.has(index);
  heads.set(index, head);
  const isEnd = facts.some(({ type }) => type === 'incident-closed');
  const entry = entryOf(index, isEnd ? services.clock.nowMs : null);
  const lists = isNew || isEnd ? [put({ partition: 'incidents', sort: idOf(index) }, isNew ? 'absent' : 1, entry)] : [];
  await services.state.transact([...lists, ...records.map(auditWrite)]);
}

const now = () => services.clock.nowMs;
const opened = (index: number): HostFact => ({
  type: 'incident-opened',
  incidentId: idOf(index),
  segment: 'az1',
  host: `compute-${index}`,
  hostKey: `k${index}`,
  atMs: now(),
  graceEndsAtMs: now() + seconds(180),
  because: 'nova says that it is down',
});
const held = (): HostFact => ({
  type: 'held',
  gates: [{ gate: 'segment-storm', open: false, because: '37 hosts are down' }],
  evidence: null,
  atMs: now(),
  nextLookAtMs: now(),
});
const fenced = (): HostFact => ({ type: 'proof-made', proof: aProof(), atMs: now() });
const closed = (): HostFact => ({
  type: 'incident-closed',
  outcome: 'recovered',
  because: 'every instance has an outcome',
  atMs: now(),
  counts: { recovered: 20 },
  taskHeads: null,
  evidence: null,
});

async function look(): Promise<void> {
  const { notify } = services.policy;
  if (notify === undefined) throw new Error('the policy tells nobody');
  await findNotices(services, notify);
}
const toldBy = async (channel: string): Promise<readonly Notice[]> =>
  (await Array.fromAsync(all(services.state, `notices#${channel}`)))
    .map((item) => decode<Delivery>(item).notice)
    .filter(({ kind }) => kind !== 'alarm');

const HOSTS = 37;
type Fault = 'fails' | 'fails-afterwards' | 'conflicts';
/** They fail within twelve seconds, are held, are fenced one after the other over ten minutes, and end. */
async function rack(lookAt: () => Promise<unknown>, hosts = HOSTS): Promise<void> {
  const pass = async (count: number): Promise<void> => {
    services.clock.nowMs += seconds(count);
    await lookAt();
  };
  const each = async (pause: number, fact: (index: number) => HostFact): Promise<void> => {
    for (let index = 0; index < hosts; index += 1) {
      await say(index, fact(index));
      if (index % 3 === 2) await pass(pause);
    }
  };
  await pass(1);
  await each(1, opened);
  await pass(170);
  await each(1, held);
  for (let looks = 0; looks < 12; looks += 1) await pass(30);
  await each(50, fenced);
  await each(60, closed);
  for (let looks = 0; looks < 40; looks += 1) await pass(30);
}

/** A thread is opened, and then ended, once each; nothing follows its end. */
function expectPairs(notices: readonly Notice[]): void {
  for (const [thread, own] of Map.groupBy(notices, (each) => each.thread)) {
    const ends = own.filter(({ state }) => state === 'over');
    expect([thread, ends.length, own.at(-1)?.state]).toEqual([thread, 1, 'over']);
  }
}

it('wakes somebody once for all of a rack, and brings the end of it', async () => {
  setup();
  await rack(look);
  const paged = await toldBy('pager');
  expect(paged.map(({ title, state }) => [title, state])).toEqual([
    ['37 hosts of segment az1 are down and not recovered: they are held', 'open'],
    ['Over: 37 hosts of segment az1 are down and not recovered: they are held', 'over'],
  ]);
  expectPairs(paged);
  const chat = await toldBy('chat');
  expectPairs(chat);
  expect(chat.length).toBeLessThan(HOSTS);
  const ends = chat.filter(({ kind, title }) => kind === 'closed' && !title.startsWith('Over: '));
  const counted = ends.map(({ title }) => Number(/^\d+(?= hosts)/.exec(title)?.[0] ?? 1));
  expect(counted.reduce((sum, each) => sum + each, 0)).toBe(HOSTS);
  expect((await loadThreads(services.state)).threads.size).toBe(0);
  const { known } = await loadFollowed(services.state);
  expect([...known.values()].flatMap(({ value }) => value.crowd?.waiting ?? [])).toEqual([]);
});

it('is the same with two that look at once', async () => {
  setup();
  await rack(() => Promise.all([look(), look()]));
  expect((await toldBy('pager')).map(({ state }) => state)).toEqual(['open', 'over']);
  expectPairs(await toldBy('chat'));
});

/** One write of all that looks make goes wrong. @returns whether there were so many */
function spoil(fault: Fault, place: number): { readonly look: () => Promise<void>; readonly happened: () => boolean } {
  const given = services.state.transact;
  let isLook = false;
  let left = place;
  services.state.transact = async (writes) => {
    if (!isLook || left-- !== 0) return given(writes);
    if (fault === 'fails') throw new RetryableError('planned: it did not happen');
    if (fault === 'conflicts') throw new ConflictError('planned: somebody else was first');
    await given(writes);
    throw new RetryableError('planned: it happened, but nobody knows');
  };
  const spoiled = async (): Promise<void> => {
    isLook = true;
    await look().catch(() => undefined);
    isLook = false;
  };
  return { look: spoiled, happened: () => left < 0 };
}

it.each(['fails', 'fails-afterwards', 'conflicts'] as const)(
  'loses nothing when any one write %s',
  async (fault) => {
    let isLeft = true;
    for (let place = 0; isLeft; place += 3) {
      setup();
      const spoiled = spoil(fault, place);
      await rack(spoiled.look, 12);
      isLeft = spoiled.happened();
      const paged = await toldBy('pager');
      expect(
        paged.map(({ kind, state }) => [kind, state]),
        `write ${place}`,
      ).toEqual([
        ['held', 'open'],
        ['closed', 'over'],
      ]);
      expectPairs(await toldBy('chat'));
      expect((await loadThreads(services.state)).threads.size).toBe(0);
      services.state.close();
    }
    setup();
  },
  120_000,
);

it('few are told each by itself, and what was told so ends so, though others join', async () => {
  setup();
  await look();
  const wait = async (count: number): Promise<void> => {
    services.clock.nowMs += seconds(count);
    await look();
  };
  for (const index of [0, 1, 2]) await say(index, opened(index));
  await wait(1);
  expect((await toldBy('chat')).map(({ id }) => id)).toEqual([0, 1, 2].map((index) => `${idOf(index)}/opened/1`));
  for (let index = 3; index < 9; index += 1) await say(index, opened(index));
  await wait(1);
  await wait(30);
  for (let index = 0; index < 9; index += 1) await say(index, closed());
  for (let looks = 0; looks < 12; looks += 1) await wait(60);
  const chat = await toldBy('chat');
  expect(chat.slice(3).map(({ title }) => title)).toEqual([
    '6 hosts of segment az1 are said to be down',
    'compute-0: all instances are recovered',
    'compute-1: all instances are recovered',
    'compute-2: all instances are recovered',
    '6 hosts of segment az1 have ended',
    'Over: 6 hosts of segment az1 are said to be down',
  ]);
  expectPairs(chat);
});
