import { describe, expect, it } from 'vitest';
import { FIRST } from '#shared/domain/audit.ts';
import { capacitySymptoms } from '#shared/domain/doctor/capacity.ts';
import { fencingSymptoms, type Surveyed } from '#shared/domain/doctor/fencing.ts';
import { policySymptoms } from '#shared/domain/doctor/policy.ts';
import { lasting, type Symptom } from '#shared/domain/doctor/symptom.ts';
import { type Upkeep, upkeepSymptoms } from '#shared/domain/doctor/upkeep.ts';
import type { Loss } from '#shared/domain/forecast/capacity.ts';
import type { DeviceStanding, HostReadiness } from '#shared/domain/readiness.ts';
import { anIncident, aPolicy, NOW_MS, type PolicyInput, type SegmentInput, seconds } from '#test/support/builders.ts';

const DAY_MS = 86_400_000;
const short = (symptoms: readonly Symptom[]) =>
  symptoms.map(({ level, what, about, says }) => [level, what, about, says]);

const aStanding = (changes: Partial<DeviceStanding> = {}): DeviceStanding => ({
  level: 1,
  address: 'bmc-1',
  verdict: 'good',
  trouble: null,
  because: '',
  doubt: null,
  systemUuid: 'system-1',
  bound: true,
  lastGoodMs: NOW_MS,
  badSinceMs: null,
  refusedAtMs: null,
  certificateExpiresAtMs: null,
  ...changes,
});
const aReadiness = (changes: Partial<HostReadiness> = {}): HostReadiness => ({
  host: 'compute-1',
  hostKey: 'key-1',
  segment: 'az1',
  outOfService: false,
  state: 'ready',
  sinceMs: NOW_MS - seconds(600),
  because: 'silent',
  devices: [aStanding()],
  audit: FIRST,
  ...changes,
});

const WITHIN = { certificateDays: 30, credentialDays: 14 };

describe('of the fence devices', () => {
  const round = { startedAtMs: NOW_MS - seconds(100), after: null, wholeAtMs: NOW_MS - seconds(100) };
  const policy = aPolicy({ survey: { everySeconds: 300 } });
  const look = (surveyed: Partial<Surveyed>) =>
    short(fencingSymptoms({ readiness: [], round, held: [], ...surveyed }, policy, WITHIN, NOW_MS));

  it('nothing is said while all is well', () => {
    expect(look({ readiness: [aReadiness()], held: ['compute-1'] })).toEqual([]);
  });

  it('it is said who could not be fenced, since when, and when that was otherwise', () => {
    const devices = [aStanding({ trouble: 'no-answer', lastGoodMs: NOW_MS - seconds(7200) })];
    expect(look({ readiness: [aReadiness({ state: 'not-ready', devices })] })).toEqual([
      ['trouble', 'not-fenceable', 'compute-1', 'silent (for 10 min; good for the last time 2 h ago)'],
    ]);
    expect(look({ readiness: [aReadiness({ state: 'degraded', devices: [] })] })).toEqual([
      ['trouble', 'degraded', 'compute-1', 'silent (for 10 min, never good before)'],
    ]);
  });

  it('a host without a device, refused credentials and certificates have words of their own', () => {
    const none = [aStanding({ trouble: 'no-device', lastGoodMs: null })];
    expect(look({ readiness: [aReadiness({ state: 'not-ready', devices: none })] })).toMatchObject([
      ['trouble', 'no-device', 'compute-1', expect.any(String)],
    ]);
    const devices = [aStanding({ trouble: 'credentials-refused', because: '401' })];
    expect(look({ readiness: [aReadiness({ state: 'not-ready', devices })] })).toContainEqual([
      ...['trouble', 'credentials-refused', 'compute-1', 'bmc-1: 401'],
    ]);
    const ending = [aStanding({ certificateExpiresAtMs: NOW_MS + 3 * DAY_MS })];
    expect(look({ readiness: [aReadiness({ devices: ending })] })).toEqual([
      ['trouble', 'certificate', 'compute-1', 'the certificate of bmc-1 expires in 3 days'],
    ]);
  });

  it('an account that ends soon is a note, and trouble from its end on', () => {
    const account = { endsAtMs: NOW_MS + 3 * DAY_MS, trouble: null, askedAtMs: NOW_MS };
    const says = (ends: object) =>
      look({ readiness: [aReadiness({ devices: [aStanding({ account: { ...account, ...ends } })] })] });
    expect(says({})).toEqual([
      ['note', 'credentials', 'compute-1', expect.stringMatching(/^the account of bmc-1 ends in 3 days; change/)],
    ]);
    expect(says({ endsAtMs: NOW_MS - 1 })).toMatchObject([['trouble', 'credentials', 'compute-1', expect.any(String)]]);
    expect(says({ endsAtMs: null })).toEqual([]);
  });

  it('of hosts in maintenance it is a note', () => {
    expect(look({ readiness: [aReadiness({ state: 'not-ready', outOfService: true })] })).toMatchObject([
      ['note', 'not-fenceable', 'compute-1', expect.any(String)],
    ]);
  });

  it('unbound devices are a note, and hosts whose turn has not come', () => {
    const unbound = [aStanding({ bound: false, verdict: 'unproven' })];
    const mute = [aStanding({ bound: false, verdict: 'unproven', systemUuid: null })];
    expect(look({ readiness: [aReadiness({ devices: unbound })], held: ['compute-1', 'compute-2'] })).toEqual([
      ['note', 'unbound', 'compute-1', expect.stringMatching(/is bound once it has told the same system twice/)],
      ['note', 'not-asked', 'compute-2', 'its turn has not come yet'],
    ]);
    expect(look({ readiness: [aReadiness({ devices: mute })] })).toMatchObject([
      ['note', 'unbound', 'compute-1', expect.stringMatching(/tells no system UUID/)],
    ]);
    const watchdog = [aStanding({ address: 'watchdog', bound: false, verdict: 'unproven', systemUuid: null })];
    expect(look({ readiness: [aReadiness({ devices: watchdog })] })).toEqual([]);
  });

  it('hosts that no segment holds any more are no news', () => {
    expect(look({ readiness: [aReadiness({ state: 'not-asked' })] })).toEqual([]);
  });

  it.each<[Surveyed['round'], string | undefined]>([
    [undefined, 'survey-devices has never run'],
    [{ ...round, wholeAtMs: NOW_MS - seconds(900) }, undefined],
    [
      { ...round, wholeAtMs: NOW_MS - seconds(901) },
      'survey-devices has come round for the last time 15 min ago, and should each 5 min',
    ],
    [{ ...round, wholeAtMs: null }, undefined],
    [
      { startedAtMs: NOW_MS - seconds(901), after: null, wholeAtMs: null },
      'survey-devices has not come round once, and should each 5 min',
    ],
  ])('a survey that does not come round: %j', (late, says) => {
    expect(look({ round: late })).toEqual(says === undefined ? [] : [['trouble', 'survey-late', 'salvor', says]]);
  });

  it('one that is switched off is a note', () => {
    expect(fencingSymptoms({ readiness: [], round, held: ['a'] }, aPolicy(), WITHIN, NOW_MS)).toMatchObject([
      { level: 'note', what: 'survey-late' },
    ]);
  });
});

describe('of salvor itself', () => {
  const quiet: Upkeep = {
    beat: { runningSinceMs: NOW_MS - DAY_MS, lastMs: NOW_MS - seconds(30) },
    looked: { atMs: NOW_MS - seconds(30), newestReportAtMs: NOW_MS - seconds(33) },
    disarmed: [],
    incidents: [],
    reporters: [],
    unheard: [],
    parked: [],
    unprotected: [],
  };
  const policy = aPolicy({ watch: { everySeconds: 5 }, settling: { pauseSeconds: 120 } });
  const look = (changes: Partial<Upkeep>) => short(upkeepSymptoms({ ...quiet, ...changes }, policy, NOW_MS));

  it('nothing is said while all is well', () => expect(look({})).toEqual([]));

  it.each<[string, Partial<Upkeep>, readonly string[]]>([
    ['no beat at all', { beat: undefined }, ['trouble', 'no-beat', 'salvor', 'sweep has never run']],
    [
      'an old beat',
      { beat: { runningSinceMs: 0, lastMs: NOW_MS - seconds(181) } },
      ['trouble', 'no-beat', 'salvor', 'sweep has run for the last time 3 min ago'],
    ],
    [
      'a beat from the future',
      { beat: { runningSinceMs: 0, lastMs: NOW_MS + seconds(6) } },
      ['trouble', 'clock', 'salvor', 'its clock is 6 s ahead of the one here'],
    ],
    [
      'a start',
      { beat: { runningSinceMs: NOW_MS - seconds(20), lastMs: NOW_MS } },
      ['note', 'settling', 'salvor', 'it fences nobody for 100 s more'],
    ],
    ['no look', { looked: undefined }, ['trouble', 'watch-late', 'salvor', 'no look at Nova is on record']],
    [
      'an old look',
      { looked: { atMs: NOW_MS - seconds(181), newestReportAtMs: null } },
      ['trouble', 'watch-late', 'salvor', 'Nova was looked at for the last time 3 min ago'],
    ],
    [
      'a Nova that is ahead',
      { looked: { atMs: NOW_MS, newestReportAtMs: NOW_MS + seconds(30) } },
      ['trouble', 'clock', 'Nova', "its newest report is from 30 s in the future by salvor's clock"],
    ],
    [
      'a Nova that is behind',
      { looked: { atMs: NOW_MS, newestReportAtMs: NOW_MS - seconds(61) } },
      [
        ...['trouble', 'clock', 'Nova'],
        'its newest report of any compute service was 61 s old: its clock is behind, or its message bus is away',
      ],
    ],
    [
      'a switch',
      {
        disarmed: [
          { segment: null, disarmed: { by: 'ann', reason: 'test', atMs: NOW_MS - seconds(60), untilMs: null } },
        ],
      },
      ['trouble', 'disarmed', 'salvor', 'by ann for 60 s: test'],
    ],
    [
      'a switch of a segment',
      { disarmed: [{ segment: 'az1', disarmed: { by: 'ann', reason: 'test', atMs: NOW_MS, untilMs: null } }] },
      ['trouble', 'disarmed', 'az1', 'by ann for 0 s: test'],
    ],
    [
      'silent heartbeats',
      {
        reporters: [
          {
            reporter: 'agents',
            host: 'a',
            says: 'beats',
            heardAtMs: 0,
            remarks: ['silent: its heartbeats have ceased', 'flaps'],
          },
        ],
      },
      ['trouble', 'reporter-silent', 'agents', 'of a: silent: its heartbeats have ceased'],
    ],
    ['one never heard', { unheard: ['consul'] }, ['note', 'reporter-unheard', 'consul', 'it has never said anything']],
    [
      'what was parked lately',
      {
        parked: [
          { subject: 'x', because: 'malformed', lastAtMs: NOW_MS - seconds(5) },
          { subject: 'old', because: 'malformed', lastAtMs: NOW_MS - DAY_MS },
        ],
      },
      ['note', 'parked', 'x', 'malformed (5 s ago)'],
    ],
    [
      'a host in several segments',
      { unprotected: [{ host: 'a', because: 'several segments hold it: x, y' }] },
      ['trouble', 'unprotected', 'a', 'several segments hold it: x, y'],
    ],
    [
      'a host in none',
      { unprotected: [{ host: 'a', because: 'no segment of the policy holds it' }] },
      ['note', 'unprotected', 'a', 'no segment of the policy holds it'],
    ],
  ])('%s', (_, changes, expected) => expect(look(changes)).toEqual([expected]));

  it('incidents that stand still say why', () => {
    const due = { dueAtMs: NOW_MS };
    const incidents = [
      { host: 'a', incident: anIncident('suspected', due) },
      { host: 'b', incident: anIncident('planning', { dueAtMs: NOW_MS - seconds(61) }) },
      { host: 'c', incident: anIncident('evacuating', { ...due, pausedBy: 'disarmed' }) },
      {
        host: 'd',
        incident: anIncident('held', {
          ...due,
          failedGates: [{ gate: 'in-service', open: false, because: 'disabled' }],
        }),
      },
      { host: 'e', incident: anIncident('stopped', { ...due, reason: 'not its device' }) },
      { host: 'f', incident: anIncident('fencing', { ...due, failures: 2, lastFailure: 'no answer' }) },
    ];
    expect(look({ incidents }).map(([, , about, says]) => `${about} ${says}`)).toEqual([
      'b its next step is overdue for 61 s',
      'c it waits: disarmed',
      'd held for 10 s: disabled',
      'e stopped: not its device',
      'f fencing, 2 times without success: no answer',
    ]);
  });

  it('a Nova that is not watched is a note', () => {
    expect(upkeepSymptoms(quiet, aPolicy(), NOW_MS)).toMatchObject([{ level: 'note', what: 'watch-late' }]);
  });
});

describe('of the policy', () => {
  const GOOD = {
    settling: { pauseSeconds: 120 },
    watch: { everySeconds: 5 },
    survey: { everySeconds: 300 },
    failureDomains: { aggregateMetadataKey: 'rack' },
  };
  const GOOD_SEGMENT = { instances: { sharedInstanceStorage: true } };
  const says = (changes: Partial<PolicyInput>, segment: Partial<SegmentInput>, hosts = 10) =>
    policySymptoms(aPolicy({ ...GOOD, ...changes }, { ...GOOD_SEGMENT, ...segment }), () => hosts).map(
      ({ level, about, says: text }) => `${level} ${about}: ${text}`,
    );

  it('nothing is said of one as it is meant', () => expect(says({}, {})).toEqual([]));

  it.each<[Partial<PolicyInput>, Partial<SegmentInput>, number, string]>([
    [{}, {}, 0, 'trouble az1: it holds no host'],
    [
      {},
      { minHealthyHosts: 3 },
      3,
      'trouble az1: minHealthyHosts 3 is never left of its 3 hosts when one fails: every host is held',
    ],
    [{}, { mode: 'shadow' }, 10, 'note az1: mode shadow: it decides and records, and touches nothing'],
    [
      {},
      { graceSeconds: 119 },
      10,
      'note az1: graceSeconds 119: a host that only reboots is fenced, unless it is up by then',
    ],
    [
      { reporters: { consul: { token: 'consul' } } },
      { reporters: { required: 3 } },
      10,
      'note az1: reporters.required 3: the policy names 2, Nova included',
    ],
    [{}, { instances: {} }, 10, 'note az1: sharedInstanceStorage is false: instances with a local disk are left alone'],
    [
      { settling: { pauseSeconds: 0 } },
      {},
      10,
      'note policy: settling.pauseSeconds 0: it fences at once after a start, by what was true before',
    ],
    [
      { watch: { everySeconds: 5, staleSeconds: 10 } },
      {},
      10,
      'note policy: watch.staleSeconds 10: services report each 10 s as shipped, so one late report is enough',
    ],
    [
      { failureDomains: {} },
      {},
      10,
      'note policy: no failureDomains: a rack that fails is not told from hosts that fail together',
    ],
    [
      { observer: { devices: 0 } },
      {},
      10,
      'note policy: observer.devices 0: whether salvor itself is cut off is not tried by other devices',
    ],
    [
      { survey: { everySeconds: 0 } },
      {},
      10,
      'note policy: survey.everySeconds 0 and no systemUuid: the first contact with a device is the fencing itself',
    ],
    [
      { fenceDevices: { '*': { driver: 'redfish', url: 'https://{host}', credentials: 'bmc', insecureTls: true } } },
      {},
      10,
      'note policy: insecureTls in 1 entries of fenceDevices: whoever is in between reads the password',
    ],
    [
      { fenceDevices: { '*': { driver: 'redfish', url: 'http://{host}', credentials: 'bmc' } } },
      {},
      10,
      'note policy: http: in 1 entries of fenceDevices: the password goes in the clear',
    ],
  ])('%j %j with %d hosts', (changes, segment, hosts, expected) => {
    expect(says(changes, segment, hosts)).toEqual([expected]);
  });

  it('a grace period below what Nova needs to see a host down is told twice', () => {
    expect(says({}, { graceSeconds: 20, reporters: { claimTtlSeconds: 120 } })).toEqual([
      expect.stringMatching(/only reboots/),
      'note az1: graceSeconds 20 and requireNovaDown: Nova sees a service down after 60 s as shipped',
    ]);
  });
});

describe('of the forecast', () => {
  const round = { startedAtMs: NOW_MS, after: null, wholeAtMs: NOW_MS };
  const policy = aPolicy({ forecast: { everySeconds: 600 } });
  const fine: Loss = { survives: true, worst: null, planned: 0, of: 3 };
  const lost = (...hosts: readonly string[]): Loss => ({
    ...{ survives: false, planned: 1, of: 3 },
    worst: { hosts, without: 2, memoryMb: 4096 },
  });
  const look = (one: Loss, two: Loss) =>
    short(
      capacitySymptoms([{ segment: 'az1', hosts: 3, instances: 9, one, two, largest: null }], round, policy, NOW_MS),
    );

  it('nothing is said while there is room', () => expect(look(fine, fine)).toEqual([]));

  it('a host that has no room is trouble, a second one a note', () => {
    expect(look(lost('a'), lost('a', 'b'))).toEqual([
      ['trouble', 'capacity', 'az1', 'without a, 2 instances (4096 MB) have no room'],
    ]);
    expect(look(fine, lost('a', 'b'))).toEqual([
      ['note', 'capacity', 'az1', 'without a and b, 2 instances (4096 MB) have no room'],
    ]);
  });

  it('a forecast that is late, or switched off, is told', () => {
    expect(short(capacitySymptoms([], undefined, policy, NOW_MS))).toEqual([
      ['trouble', 'forecast-late', 'salvor', 'mirror-instances has never run'],
    ]);
    expect(capacitySymptoms([], undefined, aPolicy(), NOW_MS)).toMatchObject([
      { level: 'note', what: 'forecast-late' },
    ]);
  });
});

it.each([
  [-5, '0 s'],
  [119_000, '119 s'],
  [120_000, '2 min'],
  [7_199_000, '120 min'],
  [7_200_000, '2 h'],
  [2 * DAY_MS - 2_000_000, '47 h'],
  [2 * DAY_MS, '2 days'],
])('%d ms last %s', (ms, words) => expect(lasting(ms)).toBe(words));
