import { describe, expect, it } from 'vitest';
import type { HostFact } from '#shared/domain/host.ts';
import type { HostLog } from '#shared/domain/replay/log.ts';
import type { Replay } from '#shared/domain/replay/replay.ts';
import type { Replayed } from '#shared/domain/replay/replayed.ts';
import { otherCourse } from '#shared/domain/replay/what-if.ts';
import { aPolicy, INCIDENT_ID, type PolicyInput, type SegmentInput, uuid } from '#test/support/builders.ts';
import { isActedOn, isConfirmed, isOpened, later, logOf, look, type Step, says } from '#test/support/handmade-log.ts';
import { FACTS, OPENED } from '#test/support/host-facts.ts';
import { someProbes } from '#test/support/readings.ts';

const decided = (by: string, of: Partial<Replayed> = {}): Replay => {
  const difference = { at: 'facts[0]', recorded: 1, decided: 2 };
  const replayed = { stream: 's', seq: 1, atMs: 0, by, recorded: [], decided: [], cannot: null, difference, ...of };
  return { decisions: [replayed], first: null, different: 0, undecided: 0 };
};
const under = (log: HostLog, segment: Partial<SegmentInput> = {}, whole: Partial<PolicyInput> = {}) =>
  otherCourse(log, INCIDENT_ID, aPolicy(whole, { graceSeconds: 30, ...segment }), decided('gates'));

const whatsOf = (course: ReturnType<typeof under>) => course?.course.map(({ what }) => what);

const ASSUMED = "Other devices and the cloud's services are taken to have answered then.";
const DEVICE = 'What its device would have said then is not in the log.';

describe('another course', () => {
  it.each<[string, Replay, boolean]>([
    ['reports are judged otherwise', decided('reports'), true],
    ['the gates answer otherwise', decided('gates'), true],
    ['the gates can not be asked', decided('gates', { difference: null, cannot: 'no segment' }), true],
    ['the power is judged otherwise', decided('power'), false],
    ['nothing differs', decided('gates', { difference: null }), false],
  ])('is told when first %s', (_, replay, told) => {
    const course = otherCourse(logOf(isOpened, look(30)), INCIDENT_ID, aPolicy(), replay);
    expect(course !== undefined).toBe(told);
  });

  it('is told of no incident that is not in the log', () => {
    expect(otherCourse(logOf(isOpened), uuid(1, 9), aPolicy(), decided('gates'))).toBeUndefined();
  });

  it('tells what would have been done, and when', () => {
    expect(under(logOf(isOpened, look(30)))).toEqual({
      course: [
        {
          atMs: later(0),
          what: 'incident opened, reported down by /monitor/a; the grace period runs for 30.0 s',
        },
        { atMs: later(30), what: 'confirmed down' },
      ],
      end: `The host would have been fenced. ${DEVICE} ${ASSUMED}`,
    });
  });

  it('takes what was tried at another look for what would have been tried', () => {
    const silent = someProbes({ devices: [{ host: 'compute-2', answered: false, detail: 'no answer' }] });
    expect(under(logOf(isOpened, look(30), look(40, { probes: silent })))?.end).toBe(
      'It would be held: Nova sees 9 of 9 other hosts up (100 %, at least 50 %); 0 of 1 other devices answer (0 %, at least 50 %); compute-2: no answer. The log holds no later reading.',
    );
  });

  it('names every gate that is closed', () => {
    const course = under(logOf(isOpened, look(30)), { minHealthyHosts: 10, reporters: { required: 2 } });
    const gates = '1 of 2 needed say down: /monitor/a; 9 other healthy hosts in the segment; at least 10 are asked for';
    expect(course?.course.at(-1)).toEqual({ atMs: later(30), what: `held: ${gates}` });
    expect(course?.end).toBe(`It would be held: ${gates}. The log holds no later reading.`);
  });

  it('says when nothing was ever read', () => {
    expect(under(logOf(isOpened))?.end).toBe('The log holds no reading to ask the gates of.');
  });

  it('takes the newest reading that there was, and the first one for what comes before it', () => {
    const closed = { stopped: 'a device lied' };
    const whatOf = (graceSeconds: number) =>
      under(logOf(isOpened, look(30), look(40, closed)), { graceSeconds })?.course[1]?.what;
    expect(whatOf(20)).toBe('confirmed down (by what was read 10 s later)');
    expect(whatOf(39)).toBe('confirmed down (by what was read 9 s before)');
    expect(whatOf(40)).toBe('held: the segment is stopped: a device lied');
  });

  it('goes by what was reported until then', () => {
    const log = logOf(isOpened, look(30), says('up', 35));
    expect(under(log, { graceSeconds: 34 })?.end).toMatch(/^The host would have been fenced\./);
    for (const graceSeconds of [35, 36])
      expect(under(log, { graceSeconds })).toMatchObject({
        course: [
          {},
          { atMs: later(35), what: 'closed as stood-down: the host was seen up after it was reported down' },
        ],
        end: 'Nothing would have been done to the host.',
      });
  });

  it('is not held for a gap in which salvor did run', () => {
    const settling = { pauseSeconds: 120, maxGapSeconds: 120 };
    const end = (graceSeconds: number, lastBeat: number) => {
      const beat = { runningSinceMs: later(-500), lastMs: later(lastBeat) };
      return under(logOf(isOpened, look(30, { beat })), { graceSeconds }, { settling })?.end;
    };
    expect(end(140, 10)).toMatch(/^The host would have been fenced\./);
    expect(end(20, 10)).toMatch(/^The host would have been fenced\./);
    expect(end(140, -91)).toMatch(/^It would be held: salvor has not run for 121 s/);
  });

  it('comes to what was read later, though nothing is reported any more', () => {
    expect(whatsOf(under(logOf(isOpened, look(30, { stopped: 'a device lied' }), look(302))))).toEqual([
      'incident opened, reported down by /monitor/a; the grace period runs for 30.0 s',
      'held: the segment is stopped: a device lied',
      'confirmed down',
    ]);
  });

  it('is followed for so many looks', () => {
    const log = logOf(isOpened, look(30, { stopped: 'a device lied' }), says('down', 80_000), says('up', 200_000));
    expect(under(log, { reporters: { claimTtlSeconds: 86_400 } })?.end).toBe('It would still be held.');
  });

  it('begins with its own incident', () => {
    const closed = (at: number) => says('up', at, { ...FACTS['incident-closed'], atMs: later(at) });
    const another: Step = says('down', -300, { ...OPENED, incidentId: uuid(1, 7) } as HostFact);
    const log = logOf(says('up', -400), another, isConfirmed(-290), isActedOn(-289), closed(-280), isOpened, look(30));
    expect(whatsOf(under(log))).toEqual([
      'incident opened, reported down by /monitor/a; the grace period runs for 30.0 s',
      'confirmed down',
    ]);
  });

  it('has no reports of a salvor that did not record what it decided on', () => {
    const log = logOf(isOpened);
    const [incident] = log.incidents;
    const records = incident?.records.map(({ basis: _, ...record }) => record) ?? [];
    const bare = { ...log, incidents: [{ id: INCIDENT_ID, tasks: [], records }] };
    expect(under(bare)).toEqual({ course: [], end: 'No incident would have been opened.' });
  });

  it('looks at a held host until the log tells something new of it', () => {
    const log = logOf(isOpened, look(30), says('up', 3600));
    expect(under(log, { minHealthyHosts: 10 })?.course.map(({ what }) => what.split(':')[0])).toEqual([
      'incident opened, reported down by /monitor/a; the grace period runs for 30.0 s',
      'held',
      'closed as stood-down',
    ]);
  });
});

describe('another course of a host that salvor has acted on', () => {
  const acted = (...more: readonly Step[]) => logOf(isOpened, isConfirmed(30), isActedOn(31), ...more);

  it('ends as it did where it is fenced at the same time', () => {
    expect(under(acted())?.end).toBe(`The host would have been fenced. ${DEVICE}`);
  });

  it('says how much earlier or later, and what can not be known behind the power-off', () => {
    const end = (graceSeconds: number) => under(acted(), { graceSeconds })?.end;
    expect(end(20)).toBe(`The host would have been fenced, 10.0 s earlier than it was. ${DEVICE}`);
    expect(end(31)).toBe(`The host would have been fenced, 1.0 s later than it was. ${DEVICE}`);
    expect(end(40)).toBe(
      `The host would have been fenced, 10.0 s later than it was. ${DEVICE} Whether it would have come back by itself until then the log can't tell: salvor acted on it 9.0 s before.`,
    );
  });

  it('goes by a report of the very moment', () => {
    expect(under(acted(says('up', 31)), { graceSeconds: 60 })?.end).toBe('Nothing would have been done to the host.');
  });

  it('goes neither by reports nor by readings from behind that', () => {
    const log = acted(says('up', 32), look(33, { stopped: 'a device lied' }));
    expect(under(log, { graceSeconds: 60 })?.course.map(({ what }) => what)).toEqual([
      expect.stringMatching(/^incident opened/),
      'confirmed down (by what was read 29 s before)',
    ]);
  });
});
