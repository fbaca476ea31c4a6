/** What a salvor from before switches, releases and pauses has written is read as what it meant. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_GUARD } from '#shared/domain/guards.ts';
import { disarmedAmong, guardWrite, loadGuard } from '#shared/state/guards.ts';
import { hostItemKey, hostsAmong, loadHost, openHosts } from '#shared/state/hosts.ts';
import { put } from '#shared/state/items.ts';
import { aHost, aHostIn, HOST_KEY, NOW_MS } from '#test/support/builders.ts';
import { FakeStore } from '#test/support/fakes.ts';

let state: FakeStore;
beforeEach(() => {
  state = new FakeStore();
});
afterEach(() => state.close());

const guardKey = { partition: 'guard#segment#az1', sort: 'state' };

describe('a guard', () => {
  const stopped = { reason: 'a device lied', incidentId: 'i', atMs: NOW_MS };

  it.each([
    [{ tickets: [], stopped }, [stopped]],
    [{ tickets: [], stopped: null }, []],
  ])('keeps its stop, and is armed: %j', async (written, stops) => {
    await state.transact([put(guardKey, 'absent', written)]);
    expect(await loadGuard(state, { segment: 'az1' })).toEqual({ value: { ...NO_GUARD, stops }, version: 1 });
  });

  it('that is lifted does not stop its segment again', async () => {
    await state.transact([put(guardKey, 'absent', { tickets: [], stopped })]);
    const guard = await loadGuard(state, { segment: 'az1' });
    await state.transact([guardWrite({ segment: 'az1' }, guard, { ...guard.value, stops: [] })]);
    expect((await loadGuard(state, { segment: 'az1' })).value.stops).toEqual([]);
  });
});

describe('a switch that is off', () => {
  const disarmed = { by: 'ann', reason: 'network test', atMs: NOW_MS, untilMs: NOW_MS + 1000 };

  it.each(['global', { segment: 'az1' }] as const)('lies among what is due, with its name: %j', async (name) => {
    await state.transact([guardWrite(name, { version: 'absent' }, { ...NO_GUARD, disarmed })]);
    const due = await state.due(NOW_MS, 10);
    expect(disarmedAmong(due, NOW_MS)).toEqual({ values: [{ name, disarmed }], unreadable: [] });
    expect(disarmedAmong(due, NOW_MS + 1000).values).toEqual([]);
  });

  it('and is armed again does not', async () => {
    await state.transact([guardWrite('global', { version: 'absent' }, { ...NO_GUARD, disarmed })]);
    await state.transact([guardWrite('global', { version: 1 }, NO_GUARD)]);
    expect(await state.due(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });
});

describe('a host', () => {
  it('with an incident has no release, and is not paused', async () => {
    const { release: _, pausedBy: __, powerOffs: ___, ...held } = aHostIn('held').incident;
    const host = { ...aHost(), incident: held };
    await state.transact([put(hostItemKey(HOST_KEY), 'absent', host, { dueAtMs: NOW_MS })]);
    const added = { status: 'held', release: null, pausedBy: null, powerOffs: 0 };
    expect((await loadHost(state, HOST_KEY))?.value.incident).toMatchObject(added);
    expect((await openHosts(state, NOW_MS))[0]?.incident).toMatchObject(added);
  });

  it('without an incident is as it was', async () => {
    await state.transact([put(hostItemKey(HOST_KEY), 'absent', aHost())]);
    expect((await loadHost(state, HOST_KEY))?.value).toEqual(aHost());
  });

  it('of another form keeps nobody from the others', () => {
    const item = { ...hostItemKey(HOST_KEY), version: 1, dueAtMs: NOW_MS };
    const body = { ...JSON.parse(JSON.stringify(aHostIn('planning'))), schemaVersion: 1 };
    const broken = [{ schemaVersion: 2 }, { schemaVersion: 1 }, { ...body, incident: null }, { ...body, claims: 3 }];
    const found = hostsAmong([...broken.map((each) => ({ ...item, body: each })), { ...item, body }]);
    expect(found.values).toHaveLength(1);
    expect(found.unreadable.map(({ item: name }) => name)).toEqual(broken.map(() => item.partition));
  });
});
