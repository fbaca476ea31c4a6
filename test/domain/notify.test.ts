import { describe, expect, it } from 'vitest';
import { type AuditRecord, appendFacts, FIRST } from '#shared/domain/audit.ts';
import { type Symptom, trouble, WHAT } from '#shared/domain/doctor/symptom.ts';
import type { HostFact } from '#shared/domain/host.ts';
import { noticesOfAlarms, type ToldAlarms } from '#shared/domain/notify/alarms.ts';
import { noticesOfIncident } from '#shared/domain/notify/of-incident.ts';
import { channelsFor } from '#shared/domain/notify/routes.ts';
import { notToldYet } from '#shared/domain/notify/told-incident.ts';
import { notifyFaults, notify as notifySchema } from '#shared/domain/policy-notify.ts';
import { LIMITS } from '#shared/state/limits.ts';
import { aNotice } from '#test/notify/support.ts';
import { aProof, NOW_MS, seconds } from '#test/support/builders.ts';

const opened: HostFact = {
  type: 'incident-opened',
  incidentId: 'i',
  segment: 'az1',
  host: 'compute-1',
  hostKey: 'k',
  atMs: NOW_MS,
  graceEndsAtMs: NOW_MS + seconds(180),
  because: 'nova says that it is down',
};
const gate = (name: string, open = false) => ({ gate: name, open, because: `${name} says so`, inputs: {} }) as never;
const held = (name = 'segment-storm'): HostFact => ({
  type: 'held',
  gates: [gate(name), gate('protected', true)],
  evidence: null,
  atMs: NOW_MS,
  nextLookAtMs: NOW_MS,
});
const failed: HostFact = { type: 'fence-failed', because: 'no answer', retryAtMs: NOW_MS };
const fenced: HostFact = { type: 'proof-made', proof: aProof(), atMs: NOW_MS };
const closed = (outcome: 'recovered' | 'partly-recovered'): HostFact => ({
  type: 'incident-closed',
  outcome,
  because: 'every instance has an outcome',
  atMs: NOW_MS,
  counts: { recovered: 20 },
  taskHeads: null,
  evidence: null,
});
const said = { commandId: 'c', by: 'ann', reason: 'I looked', atMs: NOW_MS };

const records = (...facts: readonly HostFact[]): readonly AuditRecord[] =>
  appendFacts('incident#i', FIRST, facts, NOW_MS).records;
const fresh = notToldYet({ host: 'compute-1', hostKey: 'k', segment: 'az1', openedAtMs: NOW_MS });
const look = (log: readonly AuditRecord[], nowMs = NOW_MS, told = fresh, most = 100) =>
  noticesOfIncident(
    'i',
    told,
    log.filter(({ seq }) => seq > told.seq),
    { nowMs, heldSeconds: 120, most },
  );
const idsOf = (log: readonly AuditRecord[], nowMs = NOW_MS) => look(log, nowMs).notices.map(({ id }) => id);

describe('of an incident', () => {
  it('each change is told once, however the looks fall', () => {
    const log = records(
      opened,
      fenced,
      { type: 'planned', instances: 2, toEvacuate: 2, leftAlone: 0, atMs: NOW_MS },
      fenced,
      closed('recovered'),
    );
    const whole = idsOf(log);
    expect(whole).toEqual(['i/opened/1', 'i/fenced/2', 'i/closed/5']);
    for (let cut = 0; cut <= log.length; cut += 1) {
      const first = look(log.slice(0, cut));
      const second = look(log, NOW_MS, first.next);
      expect([...first.notices, ...second.notices].map(({ id }) => id)).toEqual(whole);
      expect(look(log, NOW_MS, second.next).notices).toEqual([]);
    }
  });

  it('no look finds more than it may, and the next one goes on behind it, holds last', () => {
    const log = records(opened, held(), fenced, { type: 'released', gates: [], untilMs: 0, ...said }, held());
    const lateMs = NOW_MS + seconds(900);
    const whole = idsOf(log, lateMs);
    expect(whole).toEqual(['i/opened/1', 'i/fenced/3', 'i/person-acted/4', 'i/held/5']);
    const inParts: string[] = [];
    let told = fresh;
    for (const _ of whole) {
      const found = look(log, lateMs, told, 1);
      inParts.push(...found.notices.map(({ id }) => id));
      told = found.next;
    }
    expect(inParts).toEqual(whole);
  });

  it('a hold is told once it has lasted, once, and not when it ends before or a host is in maintenance', () => {
    const log = records(opened, held(), held('reporters'));
    expect(idsOf(log, NOW_MS + seconds(119))).toEqual(['i/opened/1']);
    const later = look(log, NOW_MS + seconds(120));
    expect(later.notices.map(({ id, severity }) => [id, severity])).toEqual([
      ['i/opened/1', 'warning'],
      ['i/held/2', 'critical'],
    ]);
    expect(later.notices[1]?.body).toContain('reporters says so');
    expect(look(records(opened, held(), held('reporters'), held()), NOW_MS + seconds(900), later.next).notices).toEqual(
      [],
    );
    const confirmed: HostFact = { type: 'confirmed', gates: [], evidence: {} as never, atMs: NOW_MS };
    expect(idsOf(records(opened, held(), confirmed), NOW_MS + seconds(900))).toEqual(['i/opened/1']);
    expect(idsOf(records(opened, held('in-service')), NOW_MS + seconds(900))).toEqual(['i/opened/1']);
  });

  it('a person is needed at the third failure to fence, once, and when it is stopped or handed over', () => {
    const need = (...facts: HostFact[]) =>
      look(records(opened, ...facts)).notices.filter(({ kind }) => kind === 'needs-a-person');
    expect(need(failed, failed)).toEqual([]);
    expect(need(failed, failed, failed, failed).map(({ id }) => id)).toEqual(['i/needs-a-person/4']);
    expect(need({ type: 'stopped', because: 'off, and it speaks', atMs: NOW_MS })).toMatchObject([
      { severity: 'critical' },
    ]);
    expect(need({ type: 'deadline-passed', because: 'six hours', atMs: NOW_MS })).toHaveLength(1);
    expect(need({ type: 'off-confirmed', ...said, names: ['ann'], complete: false })).toHaveLength(1);
  });

  it('that a person acts acknowledges it, and its end ends it, unless instances are left', () => {
    const states = (...facts: HostFact[]) => look(records(opened, ...facts)).notices.map(({ state }) => state);
    expect(states({ type: 'released', ...said, gates: [], untilMs: NOW_MS }, closed('recovered'))).toEqual([
      'open',
      'acknowledged',
      'over',
    ]);
    expect(states({ type: 'off-confirmed', ...said, names: ['ann'], complete: true })).toEqual([
      'open',
      'acknowledged',
    ]);
    expect(states(closed('partly-recovered'))).toEqual(['open', 'open']);
    expect(look(records(opened, closed('partly-recovered'))).notices[1]?.severity).toBe('critical');
  });

  it('fits a lock screen, whatever was said', () => {
    const { notices } = look(records({ ...opened, because: `line\n${'x'.repeat(5000)}` } as HostFact));
    expect(notices[0]?.body.length).toBeLessThanOrEqual(600);
    expect(notices[0]?.body).not.toContain('\n');
    for (const before of [0, 1]) {
      const said = `${'x'.repeat(before)}${'😀'.repeat(5000)}`;
      const cut = look(records({ ...opened, because: said } as HostFact)).notices[0]?.body ?? '';
      expect(cut.isWellFormed()).toBe(true);
    }
  });
});

describe('of alarms', () => {
  const minute = seconds(60);
  const notFenceable = (host: string): Symptom => trouble('not-fenceable', host, 'no answer');
  const run = (...seen: readonly (readonly Symptom[])[]) => {
    let told: ToldAlarms = {};
    return seen.map((symptoms, index) => {
      const { next, notices } = noticesOfAlarms(told, symptoms, NOW_MS + index * minute);
      told = next;
      return notices.map(({ state }) => state).join();
    });
  };
  const a = [notFenceable('compute-1')];

  it('one that lasts is told once, and its end', () => {
    expect(run(a, a, a, a, [], [], [], [])).toEqual(['', '', 'open', '', '', '', 'over', '']);
  });

  it('one that comes and goes is told once, and one that is short never', () => {
    expect(run(a, a, a, [], a, [], a)).toEqual(['', '', 'open', '', '', '', '']);
    expect(run(a, a, [], [], [], a)).toEqual(['', '', '', '', '', '']);
  });

  it('many hosts are one notice; others that have it too are told an hour later', () => {
    const many = Array.from({ length: 40 }, (_, index) => notFenceable(`compute-${index}`));
    expect(run(many, many, many)).toEqual(['', '', 'open']);
    const more = [...a, notFenceable('compute-2')];
    const hour = Array.from({ length: 62 }, () => more);
    const told = run(a, a, a, ...hour);
    expect(told.filter((each) => each === 'open')).toHaveLength(2);
    expect(told.indexOf('open', 3)).toBe(62);
  });
});

describe('of very many', () => {
  const hour = seconds(3600);
  const named = (index: number) => `compute-${String(index).padStart(5, '0')}-${'x'.repeat(240)}`;
  const many = (what: Symptom['what'], from: number, count: number): readonly Symptom[] =>
    Array.from({ length: count }, (_, index) => trouble(what, named(from + index), 'no answer'));
  const told = (before: ToldAlarms, symptoms: readonly Symptom[], nowMs: number) =>
    noticesOfAlarms(before, symptoms, nowMs);
  const longest = Array.from({ length: 90 }, (_, index) => String(index).padEnd(64, 'c'));

  it('the item of all kinds stays within what one takes, and says how many there are', () => {
    const all = (Object.keys(WHAT) as Symptom['what'][]).flatMap((what) => many(what, 0, 1_000));
    const { next } = told(told({}, all, NOW_MS).next, all, NOW_MS + seconds(120));
    const full = Object.fromEntries(Object.entries(next).map(([what, each]) => [what, { ...each, channels: longest }]));
    expect(Object.keys(full)).toHaveLength(Object.keys(WHAT).length);
    expect(Buffer.byteLength(JSON.stringify(full))).toBeLessThan(LIMITS.bytesPerItem * 0.9);
    const over = told(told(full, [], NOW_MS + hour).next, [], NOW_MS + hour + seconds(120)).notices;
    expect(over[0]?.body).toContain('and 995 more.');
  });

  it('that others have it too is seen, by name or by number, and that some are well is no news', () => {
    const first = told(
      told({}, many('degraded', 10, 500), NOW_MS).next,
      many('degraded', 10, 500),
      NOW_MS + seconds(120),
    ).next;
    const later = (symptoms: readonly Symptom[]) => told(first, symptoms, NOW_MS + hour + seconds(120)).notices.length;
    expect(later(many('degraded', 10, 500))).toBe(0);
    expect(later(many('degraded', 10, 300))).toBe(0);
    expect(later(many('degraded', 10, 501))).toBe(1);
    expect(later(many('degraded', 9, 400))).toBe(1);
  });
});

describe('routes', () => {
  const settings = notifySchema.parse({
    channels: {
      pager: { type: 'pagerduty', credentials: 'pd' },
      chat: { type: 'slack', credentials: 'slack' },
      az2: { type: 'teams', credentials: 'teams' },
    },
    routes: [
      { channels: ['pager'], minSeverity: 'critical' },
      { channels: ['chat', 'chat'], kinds: ['opened', 'held', 'closed'] },
      { channels: ['az2'], segments: ['az2'] },
    ],
  });
  const to = (overrides: Parameters<typeof aNotice>[0], told: readonly string[] = []) =>
    channelsFor(aNotice(overrides), settings, told);

  it('lead by kind, severity and segment, to each channel once', () => {
    expect(to({})).toEqual(['pager', 'chat']);
    expect(to({ severity: 'warning', kind: 'opened' })).toEqual(['chat']);
    expect(to({ severity: 'info', kind: 'fenced', segment: 'az2' })).toEqual(['az2']);
    expect(to({ severity: 'warning', kind: 'alarm', segment: null })).toEqual([]);
  });

  it('bring the end to whoever was told of the trouble, and the middle not', () => {
    expect(to({ kind: 'closed', state: 'over', severity: 'info' }, ['pager'])).toEqual(['chat', 'pager']);
    expect(to({ kind: 'person-acted', state: 'acknowledged', severity: 'info' }, ['pager'])).toEqual(['pager']);
    expect(to({ kind: 'fenced', state: 'open', severity: 'info' }, ['pager'])).toEqual([]);
    expect(to({ kind: 'closed', state: 'over', severity: 'info' }, ['gone'])).toEqual(['chat']);
  });

  it('that lead nowhere, and channels to which none leads, are refused', () => {
    const refused = (input: object) => notifySchema.safeParse(input).error?.issues.map(({ message }) => message);
    const chat = { type: 'slack', credentials: 'slack' };
    expect(refused({ channels: { chat }, routes: [{ channels: ['chta'] }] })).toEqual([
      'there is no channel chta',
      'no route leads to this channel',
    ]);
    expect(refused({ channels: { chat: { ...chat, url: 'https://hooks.example/key' } }, routes: [] })).toBeDefined();
    expect(notifyFaults({ notify: settings, segments: [{ name: 'az1' }] })).toEqual([
      [['routes', 2, 'segments'], 'there is no segment az2'],
    ]);
  });
});
