/** What one look finds may be more than one transaction takes, and what is followed more than one item: all of it is told, once. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendFacts, auditWrite, FIRST, streamOfIncident } from '#shared/domain/audit.ts';
import type { HostFact } from '#shared/domain/host.ts';
import { UNUSED } from '#shared/domain/notify/channel-state.ts';
import type { StateWrite } from '#shared/ports.ts';
import { findNotices } from '#shared/shell/notify/find-notices.ts';
import { type IncidentEntry, listIncidents } from '#shared/state/hosts.ts';
import { all, decode, put } from '#shared/state/items.ts';
import { channelWrite, type Delivery, loadFollowed } from '#shared/state/notices.ts';
import { aPolicy, NOW_MS, seconds } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';

let services: FakeServices;
afterEach(() => services.state.close());

const AT_ONCE = 30;
const idOf = (index: number, atMs = NOW_MS): string => {
  const time = atMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(index).padStart(12, '0')}`;
};

function start(channels: number): void {
  const names = Array.from({ length: channels }, (_, index) => `c${index}`);
  const policy = aPolicy({
    notify: {
      channels: Object.fromEntries(names.map((name) => [name, { type: 'slack' as const, credentials: name }])),
      routes: Array.from({ length: Math.ceil(channels / 20) }, (_, index) => ({
        channels: names.slice(index * 20, index * 20 + 20),
      })),
    },
  });
  services = fakeServices(policy);
}

/** An incident with what is on record of it. */
function incident(index: number, facts: readonly HostFact[], closedAtMs: number | null = null): readonly StateWrite[] {
  const id = idOf(index);
  const entry: IncidentEntry = {
    id,
    host: `compute-${index}`,
    hostKey: `k${index}`,
    segment: 'az1',
    openedAtMs: NOW_MS,
    closedAtMs,
    outcome: null,
    because: 'a test',
    counts: {},
    auditHead: null,
  };
  const { records } = appendFacts(streamOfIncident(id), FIRST, facts, NOW_MS);
  return [put({ partition: 'incidents', sort: id }, 'absent', entry), ...records.map(auditWrite)];
}

async function record(incidents: readonly (readonly StateWrite[])[]): Promise<void> {
  for (let at = 0; at < incidents.length; at += AT_ONCE)
    await services.state.transact(incidents.slice(at, at + AT_ONCE).flat());
}

function look(): Promise<number> {
  const { notify } = services.policy;
  if (notify === undefined) throw new Error('the policy tells nobody');
  services.clock.nowMs += seconds(5);
  return findNotices(services, notify);
}

const queuedBy = async (channel: string) => {
  const items = await Array.fromAsync(all(services.state, `notices#${channel}`));
  return items.map((item) => decode<Delivery>(item).notice.id);
};

const stopped: HostFact = { type: 'stopped', because: 'off, and it speaks', atMs: NOW_MS };
const held: HostFact = {
  type: 'held',
  gates: [{ gate: 'reporters', open: false, because: 'x'.repeat(700) }],
  evidence: null,
  atMs: NOW_MS,
  nextLookAtMs: NOW_MS,
};

describe('more than a transaction takes', () => {
  it('of one incident is told over some looks, in its order, once by each channel', async () => {
    start(6);
    await record([
      incident(
        1,
        Array.from({ length: 40 }, () => stopped),
      ),
    ]);
    await look();
    expect((await queuedBy('c0')).length).toBeGreaterThan(0);
    for (let looks = 0; looks < 5; looks += 1) await look();
    const wanted = Array.from({ length: 40 }, (_, index) => `${idOf(1)}/needs-a-person/${index + 1}`);
    for (const channel of ['c0', 'c5']) expect(await queuedBy(channel)).toEqual(wanted);
  });

  it('of one incident does not keep back the others', async () => {
    start(90);
    await record([1, 2, 3].map((index) => incident(index, [stopped, stopped])));
    for (let looks = 0; looks < 3; looks += 1) await look();
    for (const channel of ['c0', 'c89']) expect(new Set(await queuedBy(channel)).size).toBe(6);
  });

  it('of alarms is told in parts, whatever write of it fails', async () => {
    for (const fault of ['fails', 'fails-afterwards', 'conflicts'] as const)
      for (let call = 0; call < 4; call += 1) {
        start(60);
        const failing = { ...UNUSED, failures: 3, failingSinceMs: 1, lastFailure: 'answered 503' };
        await services.state.transact([channelWrite('c0', { version: 'absent' }, failing)]);
        for (let looks = 0; looks < 30; looks += 1) await look();
        services.state.faults.plan(fault, call);
        for (let looks = 0; looks < 60; looks += 1) await look().catch(() => undefined);
        const threads = (await queuedBy('c0')).map((id) => id.split('/')[0]);
        expect(threads.length, 'the test needs more than one').toBeGreaterThan(1);
        expect(new Set(threads).size).toBe(threads.length);
        expect(await queuedBy('c59')).toEqual(await queuedBy('c0'));
        services.state.close();
      }
    start(1);
  });
});

describe('two thousand hosts that are held', () => {
  const HOSTS = 2_000;
  beforeEach(async () => {
    start(2);
    await record(Array.from({ length: HOSTS }, (_, index) => incident(index, [held])));
  });

  it('are told once, all together, and cost no write while nothing changes', async () => {
    await look();
    expect((await loadFollowed(services.state)).known.size).toBe(HOSTS);
    services.clock.nowMs += seconds(200);
    await look();
    services.clock.nowMs += seconds(30);
    await look();
    const ofHolds = (await queuedBy('c1')).filter((id) => id.includes('/held/'));
    expect(ofHolds).toEqual([expect.stringContaining('/held/open')]);
    const { known } = await loadFollowed(services.state);
    expect([...known.values()].every(({ value }) => value.held?.told && value.crowd?.threads.length === 1)).toBe(true);
    expect((await services.state.counted(look)).writes).toBe(0);
  }, 60_000);

  it('are followed before the list of new ones may begin behind them, whatever write fails', async () => {
    // No list that begins at the first look has them.
    services.clock.nowMs += seconds(1200);
    services.state.faults.plan('fails', 7);
    await expect(look()).rejects.toThrow('planned');
    await look();
    expect((await loadFollowed(services.state)).known.size).toBe(HOSTS);
  }, 60_000);
});

it('forgets what has ended, and tells nothing of it again', async () => {
  start(1);
  const ended: HostFact = {
    type: 'incident-closed',
    outcome: 'stood-down',
    because: 'it is up',
    atMs: NOW_MS,
    counts: {},
    taskHeads: null,
    evidence: null,
  };
  await look();
  await record([incident(1, [ended], NOW_MS)]);
  for (let minutes = 0; minutes < 30; minutes += 1) {
    services.clock.nowMs += seconds(60);
    await look();
  }
  expect((await Array.fromAsync(listIncidents(services.state))).length).toBe(1);
  expect((await queuedBy('c0')).filter((id) => id.includes('/closed/'))).toHaveLength(1);
  expect((await loadFollowed(services.state)).known.size).toBe(0);
});
