/** What can't be read of one incident keeps back no other, is told itself, and is made good for once it can be read. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendFacts, auditWrite, FIRST, streamOfIncident } from '#shared/domain/audit.ts';
import type { HostFact } from '#shared/domain/host.ts';
import type { JsonObject, StateWrite } from '#shared/ports.ts';
import { findNotices } from '#shared/shell/notify/find-notices.ts';
import type { IncidentEntry } from '#shared/state/hosts.ts';
import { all, decode, put } from '#shared/state/items.ts';
import { type Delivery, FOLLOWED, loadCursor, loadFollowed } from '#shared/state/notices.ts';
import { examine } from '#shared/views/health.ts';
import { aPolicy, NOW_MS, seconds } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';

let services: FakeServices;
beforeEach(() => {
  const channels = { c: { type: 'slack' as const, credentials: 'c' } };
  services = fakeServices(aPolicy({ notify: { channels, routes: [{ channels: ['c'] }] } }));
});
afterEach(() => services.state.close());

const idOf = (index: number): string => {
  const time = NOW_MS.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(index).padStart(12, '0')}`;
};
const opened = (index: number): HostFact => ({
  type: 'incident-opened',
  incidentId: idOf(index),
  segment: 'az1',
  host: `compute-${index}`,
  hostKey: `k${index}`,
  atMs: NOW_MS,
  graceEndsAtMs: NOW_MS + seconds(180),
  because: 'nova says that it is down',
});
const stopped: HostFact = { type: 'stopped', because: 'off, and it speaks', atMs: NOW_MS };
const closed: HostFact = {
  type: 'incident-closed',
  outcome: 'partly-recovered',
  because: 'the deadline',
  atMs: NOW_MS,
  counts: { person: 2 },
  taskHeads: null,
  evidence: null,
};
const entryOf = (index: number, closedAtMs: number | null = null): IncidentEntry => ({
  id: idOf(index),
  host: `compute-${index}`,
  hostKey: `k${index}`,
  segment: 'az1',
  openedAtMs: NOW_MS,
  closedAtMs,
  outcome: closedAtMs === null ? null : 'partly-recovered',
  because: 'a test',
  counts: { person: 2 },
  auditHead: null,
});
const keyOf = (index: number) => ({ partition: 'incidents', sort: idOf(index) });
const logOf = (index: number, facts: readonly HostFact[]) =>
  appendFacts(streamOfIncident(idOf(index)), FIRST, facts, NOW_MS).records;
const write = (...writes: readonly StateWrite[]) => services.state.transact(writes);
const incident = (index: number, ...facts: readonly HostFact[]) =>
  write(put(keyOf(index), 'absent', entryOf(index)), ...logOf(index, facts).map(auditWrite));

async function look(minutes = 0): Promise<void> {
  const { notify } = services.policy;
  if (notify === undefined) throw new Error('the policy tells nobody');
  services.clock.nowMs += seconds(5 + 60 * minutes);
  await findNotices(services, notify);
}
const queued = async () =>
  (await Array.fromAsync(all(services.state, 'notices#c'))).map((item) => decode<Delivery>(item).notice);
const told = async (index: number) =>
  (await queued()).flatMap(({ id, incidentId }) => (incidentId === idOf(index) ? [id.replace(idOf(index), '')] : []));
const logged = () =>
  services.lines.filter(({ fields }) => 'fact' in fields && fields.fact === 'notice-unreadable').length;

/** What somebody, a defect or another version could have left in place of an item. */
const FORMS: readonly (readonly [what: string, body: JsonObject])[] = [
  ['of a newer salvor', { ...entryOf(1), schemaVersion: 9 } as never],
  ['without its host', { ...entryOf(1), host: null, schemaVersion: 1 } as never],
  ['that is no object of ours', { unreadable: 'not {JSON' }],
];

describe.each(FORMS)('a line of the list %s', (_, body) => {
  const broken = (): StateWrite => ({ kind: 'put', ...keyOf(1), expect: 'absent', body });

  it('is told with what its stream says, as an alarm, and by salvor doctor, and all others are told', async () => {
    await look();
    await write(broken(), ...logOf(1, [opened(1), stopped]).map(auditWrite));
    await incident(2, opened(2));
    for (let looks = 0; looks < 5; looks += 1) await look(1);
    expect(await told(1)).toEqual(['/opened/1', '/needs-a-person/2']);
    expect(await told(2)).toEqual(['/opened/1']);
    const alarms = (await queued()).filter(({ thread }) => thread === 'alarm-unreadable');
    expect(alarms).toMatchObject([{ severity: 'critical', body: expect.stringContaining(idOf(1)) }]);
    expect(logged()).toBe(1);
    const within = { certificateDays: 1, credentialDays: 1 };
    const { symptoms } = await examine(services, within, services.clock.now());
    expect(symptoms.filter(({ what }) => what === 'unreadable')).toMatchObject([
      { level: 'trouble', about: `incident ${idOf(1)}` },
    ]);
  });

  it('is told from the beginning once it can be read, however long that takes, where its stream says nothing', async () => {
    await look();
    await write(broken());
    for (let hours = 0; hours < 3; hours += 1) await look(60);
    expect(await told(1)).toEqual([]);
    await write(put(keyOf(1), 1, entryOf(1)), ...logOf(1, [opened(1)]).map(auditWrite));
    for (let looks = 0; looks < 5; looks += 1) await look(1);
    const alarms = (await queued()).filter(({ thread }) => thread === 'alarm-unreadable');
    expect(alarms.at(-1)?.state).toBe('over');
    expect(await told(1)).toEqual(['/opened/1']);
  });

  it('of what has ended is not told twice, however long it lies there', async () => {
    await look();
    await write(broken(), ...logOf(1, [opened(1), closed]).map(auditWrite));
    for (let looks = 0; looks < 60; looks += 1) await look(60);
    expect(await told(1)).toEqual(['/opened/1', '/closed/2']);
  });
});

it('how far one was told, when it can not be read any more, is begun anew under the same ids', async () => {
  await incident(1, opened(1), stopped);
  await look();
  await write({ kind: 'put', partition: FOLLOWED, sort: idOf(1), expect: 1, body: { unreadable: 'not {JSON' } });
  await incident(2, opened(2));
  for (let looks = 0; looks < 3; looks += 1) await look();
  expect(await told(1)).toEqual(['/opened/1', '/needs-a-person/2', '/opened/1', '/needs-a-person/2']);
  expect(await told(2)).toEqual(['/opened/1']);
  expect((await loadFollowed(services.state)).lost.size).toBe(0);
  expect(logged()).toBe(1);
});

it('records that can not be read are told once, and what is behind them', async () => {
  await look();
  const records = logOf(1, [opened(1), stopped, stopped, stopped, closed]).map(auditWrite);
  const broken: readonly JsonObject[] = [{ unreadable: 'not {JSON' }, { fact: { type: 'held', gates: 7 } }];
  const writes = records.map((each, index) => {
    const body = broken[index - 1];
    return body === undefined || each.kind !== 'append' ? each : { ...each, body };
  });
  await write(put(keyOf(1), 'absent', entryOf(1)), ...writes);
  await look();
  await look();
  expect(await told(1)).toEqual(['/opened/1', '/needs-a-person/2', '/needs-a-person/4', '/closed/5']);
  expect((await queued()).every(({ atMs }) => Number.isFinite(atMs))).toBe(true);
});

it('an end that can not be read is told by the list', async () => {
  await look();
  const [first, end] = logOf(1, [opened(1), closed]).map(auditWrite);
  if (first === undefined || end?.kind !== 'append') throw new Error('two records were made');
  await write(put(keyOf(1), 'absent', entryOf(1, NOW_MS)), first, { ...end, body: { unreadable: 'not {JSON' } });
  await look();
  await look();
  expect(await told(1)).toEqual(['/opened/1', '/needs-a-person/2', '/closed/2']);
  expect((await queued()).at(-1)).toMatchObject({ severity: 'critical', body: expect.stringContaining('2 person') });
});

it('a stream that the store does not give is read by the next look, all others by this', async () => {
  await look();
  await incident(1, opened(1));
  await incident(2, opened(2));
  const given = services.state.queryAudit;
  services.state.queryAudit = (partition, options) =>
    partition === streamOfIncident(idOf(1)) ? Promise.reject(new Error('throttled')) : given(partition, options);
  await expect(look(10)).rejects.toThrow('throttled');
  expect(await told(2)).toEqual(['/opened/1']);
  services.state.queryAudit = given;
  await look(10);
  expect(await told(1)).toEqual(['/opened/1']);
  expect(await told(2)).toEqual(['/opened/1']);
});

it('a trouble of several that can not be read is an alarm, and keeps back nothing', async () => {
  await look();
  await write({ kind: 'put', partition: 'notify#threads', sort: 't', expect: 'absent', body: { unreadable: 'x' } });
  await incident(1, opened(1));
  for (let looks = 0; looks < 5; looks += 1) await look(1);
  expect(await told(1)).toEqual(['/opened/1']);
  expect((await queued()).filter(({ thread }) => thread === 'alarm-unreadable')).toHaveLength(1);
});

it('nothing is written of it while nothing changes', async () => {
  await look();
  await write({ kind: 'put', ...keyOf(1), expect: 'absent', body: { unreadable: 'not {JSON' } });
  for (let looks = 0; looks < 5; looks += 1) await look(1);
  expect((await services.state.counted(() => look())).writes).toBe(0);
  expect((await loadCursor(services.state)).value.unreadable).toHaveLength(1);
});
