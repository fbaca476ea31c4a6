import { beforeAll, describe, expect, it } from 'vitest';
import type { FunctionName } from '#events/catalog.ts';
import { mirrorInstances } from '#functions/mirror-instances.ts';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import { surveyDevices } from '#functions/survey-devices.ts';
import { sweep } from '#functions/sweep.ts';
import { bundleFunction, FUNCTION_NAMES } from '#infra/bundle.ts';
import { INCIDENT_ALARMS } from '#infra/cdk/incident-alarms.ts';
import type { GateResult } from '#shared/domain/gates/gate.ts';
import { type GuardState, NO_GUARD } from '#shared/domain/guards.ts';
import type { HostFact, HostState } from '#shared/domain/host.ts';
import type { Hold, InstanceFact } from '#shared/domain/instance-recovery/instance.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import type { StateWrite, StoredItem } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { commitInstance } from '#shared/shell/instances/commit.ts';
import { commitHost } from '#shared/shell/step.ts';
import { guardWrite } from '#shared/state/guards.ts';
import { hostWrites } from '#shared/state/hosts.ts';
import { aHostIn, aPolicy, aServer, NOW_MS, seconds } from '../../support/builders.ts';
import { fakeServices } from '../../support/fakes.ts';
import { anInstanceIn } from '../../support/instances.ts';
import { matches } from './filter-pattern.ts';
import { functionNamed, logicalId, type Reference, resourcesOf, synthesize } from './support.ts';

const alarms = Object.entries(INCIDENT_ALARMS);

/** Services that keep nothing, and the lines that they log. */
function logging(due: readonly StoredItem[] = []) {
  const lines: string[] = [];
  const log = (message: string, fields: object = {}) => void lines.push(JSON.stringify({ message, ...fields }));
  const services = {
    state: {
      transact: async () => undefined,
      get: async () => undefined,
      due: async () => due,
      query: async () => ({ items: [] }),
      queryAudit: async () => ({ items: [] }),
    },
    outbox: { send: async () => undefined },
    clock: { now: () => NOW_MS },
    policy: aPolicy(),
    log: { info: log, warn: log, error: log },
  } as unknown as Services;
  return { services, lines };
}

const TIMER = { by: 'timer', atMs: NOW_MS } as const;

/** The alarms that ring for lines. */
const rungBy = (lines: readonly string[]): readonly string[] =>
  alarms
    .filter(([, { pattern }]) => lines.some((line) => matches(pattern.logPatternString, line)))
    .map(([name]) => name);

async function rungByCommit(host: HostState, ...facts: readonly HostFact[]): Promise<readonly string[]> {
  const { services, lines } = logging();
  await commitHost(services, { value: host, version: 1 }, { facts, basis: TIMER });
  return rungBy(lines);
}

const asDue = (writes: readonly StateWrite[]): readonly StoredItem[] =>
  writes.flatMap((write) => (write.kind === 'put' ? [{ ...write, version: 1 }] : []));

async function rungBySweepOf(due: readonly StoredItem[]): Promise<readonly string[]> {
  const { services, lines } = logging(due);
  await sweep(services);
  return rungBy(lines);
}

const rungBySweep = (host: HostState): Promise<readonly string[]> =>
  rungBySweepOf(
    asDue(hostWrites({ value: host, version: 1 }, [], { ...TIMER, version: 2, policy: '' }, NOW_MS).writes),
  );

const closed = (gate: GateResult['gate']): GateResult => ({ gate, open: false, because: 'for the test' });
const heldSince = (heldSeconds: number) => aHostIn('held', { sinceMs: NOW_MS - seconds(heldSeconds) });
const lookedAt = (heldSeconds: number, ...gates: readonly GateResult['gate'][]) =>
  rungByCommit(heldSince(heldSeconds), { type: 'still-held', failedGates: gates.map(closed), nextLookAtMs: NOW_MS });
const FENCE_FAILED = { type: 'fence-failed', because: 'no answer', retryAtMs: NOW_MS } as const;
const FORCE_DOWN_FAILED = { type: 'force-down-failed', because: '503', retryAtMs: NOW_MS } as const;
const closedAs = (outcome: 'recovered' | 'partly-recovered') =>
  ({
    type: 'incident-closed',
    outcome,
    because: '',
    atMs: NOW_MS,
    counts: {},
    taskHeads: null,
    evidence: null,
  }) as const;

describe('what functions log rings', () => {
  it('incident-stopped: when it is stopped, and as long as it is', async () => {
    const stopped = { type: 'stopped', because: 'not its device', atMs: NOW_MS } as const;
    expect(await rungByCommit(aHostIn('fencing'), stopped)).toEqual(['incident-stopped']);
    expect(await rungBySweep(aHostIn('stopped'))).toEqual(['incident-stopped']);
  });

  it('disarmed: as long as it is, and no longer', async () => {
    const disarmed = { by: 'ann', reason: 'network test', atMs: NOW_MS - seconds(60), untilMs: NOW_MS + 1 };
    const due = (guard: GuardState) => asDue([guardWrite('global', { version: 1 }, guard)]);
    expect(await rungBySweepOf(due({ ...NO_GUARD, disarmed }))).toEqual(['disarmed']);
    expect(await rungBySweepOf(due({ ...NO_GUARD, disarmed: { ...disarmed, untilMs: NOW_MS } }))).toEqual([]);
  });

  it('state-unreadable: for what is no host, and pushes on the others', async () => {
    const { writes } = hostWrites(
      { value: aHostIn('planning'), version: 1 },
      [],
      { ...TIMER, version: 2, policy: '' },
      NOW_MS,
    );
    const due = asDue(writes);
    const corrupt = due.map((item) => ({ ...item, body: { schemaVersion: 1, incident: { status: 'fencing' } } }));
    const newer = due.map((item) => ({ ...item, body: { schemaVersion: 9 } }));
    expect(await rungBySweepOf([...corrupt, ...newer, ...due])).toEqual(['state-unreadable', 'incident-overdue']);
  });

  it('host-held: after two minutes, unless all that holds it is its maintenance', async () => {
    expect(await lookedAt(119, 'segment-storm')).toEqual([]);
    expect(await lookedAt(120, 'segment-storm')).toEqual(['host-held']);
    expect(await lookedAt(900, 'in-service')).toEqual([]);
    expect(await lookedAt(900, 'in-service', 'reporters')).toEqual(['host-held']);
  });

  it('fencing-fails: at the third try in a row', async () => {
    expect(await rungByCommit(aHostIn('fencing', { failures: 1 }), FENCE_FAILED)).toEqual([]);
    expect(await rungByCommit(aHostIn('fencing', { failures: 2 }), FENCE_FAILED)).toEqual(['fencing-fails']);
    expect(await rungByCommit(aHostIn('forcing-down', { failures: 1 }), FORCE_DOWN_FAILED)).toEqual([]);
    expect(await rungByCommit(aHostIn('forcing-down', { failures: 2 }), FORCE_DOWN_FAILED)).toEqual(['fencing-fails']);
  });

  it('instances-left: when not all were recovered', async () => {
    expect(await rungByCommit(aHostIn('evacuating'), closedAs('partly-recovered'))).toEqual(['instances-left']);
    expect(await rungByCommit(aHostIn('evacuating'), closedAs('recovered'))).toEqual([]);
  });

  it('incident-overdue: for one that sweep pushes on', async () => {
    expect(await rungBySweep(aHostIn('planning'))).toEqual(['incident-overdue']);
  });

  it('instance-storm and instance-for-a-person: for what becomes of a single instance', async () => {
    const commit = async (...facts: readonly InstanceFact[]) => {
      const { services, lines } = logging();
      const basis = { by: 'instance-look', atMs: NOW_MS, sight: { outage: '' } } as const;
      await commitInstance(services, { value: anInstanceIn('suspected'), version: 1 }, { facts, basis });
      return rungBy(lines);
    };
    const heldBy = (hold: Hold['hold']) =>
      commit({ type: 'instance-held', holds: [{ hold, because: '' }], atMs: NOW_MS, nextLookAtMs: NOW_MS });
    expect(await heldBy('host-storm')).toEqual(['instance-storm']);
    expect(await heldBy('segment-storm')).toEqual(['instance-storm']);
    expect(await heldBy('task')).toEqual([]);
    const endedAs = (outcome: 'restarted' | 'person') =>
      commit({ type: 'instance-incident-closed', outcome, because: '', host: null, atMs: NOW_MS });
    expect(await endedAs('person')).toEqual(['instance-for-a-person']);
    expect(await endedAs('restarted')).toEqual([]);
  });

  it.each<[string, boolean, readonly string[]]>([
    ['hosts-not-fenceable: for a host whose only device is silent', false, ['hosts-not-fenceable']],
    ['fencing-weakened: for one that has another', true, ['fencing-weakened']],
  ])('%s', async (_, hasAnother, expected) => {
    const device = { driver: 'redfish', url: 'https://bmc.test/{host}', credentials: 'bmc' } as const;
    const second = { ...device, url: 'https://pdu.test/second-{host}' };
    const entry = hasAnother ? { levels: [device, second] } : device;
    const services = fakeServices(aPolicy({ survey: { everySeconds: 60 }, fenceDevices: { '*': entry } }));
    services.cloud.deaf.add('compute-2');
    await mirrorInventory(services);
    await surveyDevices(services);
    services.state.close();
    expect(rungBy(services.lines.map(({ message, fields }) => JSON.stringify({ message, ...fields })))).toEqual(
      expected,
    );
  });

  it('access-ending: while a certificate of the cloud ends soon', async () => {
    const services = fakeServices(aPolicy());
    const expiresAtMs = services.clock.nowMs + 1;
    const access = {
      certificates: async () => [{ of: 'nova', address: 'https://nova.test', expiresAtMs }],
      account: async () => ({ of: 'the account', endsAtMs: null, untold: null }),
    };
    await surveyDevices({ ...services, access });
    services.state.close();
    expect(rungBy(services.lines.map(({ message, fields }) => JSON.stringify({ message, ...fields })))).toEqual([
      'access-ending',
    ]);
  });

  it('capacity-short: while a host has more than the others have room for', async () => {
    const services = fakeServices(aPolicy({ forecast: { everySeconds: 60 } }));
    services.cloud.servers = [aServer({ host: 'compute-2', memoryMb: 100_000 })];
    await mirrorInventory(services);
    await mirrorInstances(services);
    services.state.close();
    expect(rungBy(services.lines.map(({ message, fields }) => JSON.stringify({ message, ...fields })))).toEqual([
      'capacity-short',
    ]);
  });

  it.each([
    ['of an agent', receiveHostEvent],
    ['of salvor itself', eachMessage('fence-host', async () => undefined)],
  ])('messages-parked: for a message %s', async (_, { handle }) => {
    const { services, lines } = logging();
    const attributes = { ApproximateReceiveCount: '1', SentTimestamp: String(NOW_MS) };
    expect(await handle(services, [{ messageId: '1', body: 'no JSON', attributes }])).toEqual([]);
    expect(rungBy(lines)).toEqual(['messages-parked']);
    expect(lines.join()).not.toContain('no JSON');
  });
});

interface FilterProperties {
  readonly LogGroupName: Reference;
  readonly FilterPattern: string;
  readonly MetricTransformations: readonly object[];
}

interface AlarmProperties {
  readonly AlarmName: string;
  readonly OKActions?: readonly Reference[];
}

describe('in the stack', () => {
  const { template } = synthesize();
  const filters = [...resourcesOf<FilterProperties>(template, 'AWS::Logs::MetricFilter').values()];
  const metricAlarms = [...resourcesOf<AlarmProperties>(template, 'AWS::CloudWatch::Alarm').values()];

  it.each(alarms)('%s counts the lines of each function that may log them', (name, { pattern, loggedBy, tellsEnd }) => {
    const groups = loggedBy.map((each) => logicalId(functionNamed(template, each).Properties.LoggingConfig.LogGroup));
    const own = filters.filter(({ Properties }) => Properties.FilterPattern === pattern.logPatternString);
    expect(own.map(({ Properties }) => logicalId(Properties.LogGroupName)).sort()).toEqual(groups.sort());
    for (const { Properties } of own)
      expect(Properties.MetricTransformations).toEqual([
        { MetricName: name, MetricNamespace: 'salvor-test', MetricValue: '1' },
      ]);
    const alarm = metricAlarms.find(({ Properties }) => Properties.AlarmName === `salvor-test-${name}`);
    expect(alarm?.Properties).toMatchObject({
      MetricName: name,
      Namespace: 'salvor-test',
      Statistic: 'Sum',
      Threshold: 1,
      TreatMissingData: 'notBreaching',
    });
    expect(alarm?.Properties.OKActions?.length ?? 0).toBe(tellsEnd === false ? 0 : 1);
  });
});

/** The files whose code makes what an alarm looks for; esbuild leaves out what a function does not use. */
const MADE_IN: Readonly<Record<string, readonly string[]>> = {
  'incident-stopped': ['shared/domain/fence.ts', 'functions/sweep.ts'],
  disarmed: ['functions/sweep.ts'],
  'state-unreadable': ['functions/sweep.ts'],
  'host-held': ['shared/domain/confirm.ts'],
  'fencing-fails': ['shared/domain/fence.ts'],
  'instances-left': ['shared/domain/follow.ts'],
  'incident-overdue': ['functions/sweep.ts'],
  'instance-storm': ['shared/domain/instance-recovery/decide.ts'],
  'instance-for-a-person': ['shared/domain/instance-recovery/decide.ts'],
  'hosts-not-fenceable': ['functions/survey-devices.ts'],
  'fencing-weakened': ['functions/survey-devices.ts'],
  'access-ending': ['functions/survey-devices.ts'],
  'capacity-short': ['functions/mirror-instances.ts'],
  'people-not-told': ['shared/shell/notify/deliver.ts', 'shared/shell/notify/find-notices.ts'],
  'messages-parked': ['shared/lambda/queue-function.ts'],
};

describe('a line is looked for wherever it may be logged', () => {
  const filesOf = new Map<FunctionName, readonly string[]>();
  beforeAll(async () => {
    for (const name of FUNCTION_NAMES) filesOf.set(name, (await bundleFunction(name, 'dist', { write: false })).files);
  });

  it.each(alarms)('%s', (name, { loggedBy }) => {
    // The API shows what the others have decided, by their code, and logs none of it.
    const makers = FUNCTION_NAMES.filter(
      (each) => each !== 'http-api' && MADE_IN[name]?.some((file) => filesOf.get(each)?.includes(file)),
    );
    expect(makers).toEqual(FUNCTION_NAMES.filter((each) => loggedBy.includes(each)));
  });
});
